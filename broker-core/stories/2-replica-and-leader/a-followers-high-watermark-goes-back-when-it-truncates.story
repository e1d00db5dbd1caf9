# A follower that truncates below its high watermark takes the high watermark back with it. After an unclean election what it
# took for committed is gone, and a high watermark above the log end would vouch for nothing.

cluster brokers=2 replica.lag.time.max.ms=1000
topic unclean.leader.election.enable=true
hold from=2 to=1 api=fetch
run 2s
alter-partition isr=1
produce a
---
#1 isr=[1] partition_epoch=1
#2 ok offset=0

# Broker 1 is cut off. Broker 2, which never had the record, is elected uncleanly.
cut 1 "*"
lose from=2 to=1 api=fetch
run 10s
partition
---
leader=2 epoch=1 partition_epoch=2 isr=[2]

watch log_truncated high_watermark_moved
join 1 "*"
run 40s
---
1: log_truncated from=1 to=0
1: high_watermark_moved high_watermark=0 leader=false
