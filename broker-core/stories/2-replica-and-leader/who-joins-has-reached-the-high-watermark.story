# A follower joins the ISR only once it has everything below the high watermark: from then on it may be elected, and what is
# below the high watermark must not be lost.

cluster brokers=2 replica.fetch.max.bytes=1 replica.lag.time.max.ms=1000
topic
hold from=2 to=1 api=fetch
run 2s
alter-partition isr=1
produce a
produce b
---
#1 isr=[1] partition_epoch=1
#2 ok offset=0
#3 ok offset=1

watch records_replicated alter_partition_sent
release from=2 to=1 api=fetch n=1
---
2: records_replicated base_offset=0 end_offset=1 leader_epoch=0

release from=2 to=1 api=fetch n=1
---
2: records_replicated base_offset=1 end_offset=2 leader_epoch=0

release from=2 to=1 api=fetch n=1
---
1: alter_partition_sent isr=[1,2] leader_epoch=0 partition_epoch=1
