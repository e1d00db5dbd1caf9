# A follower that has not been caught up for replica.lag.time.max.ms leaves the ISR at the next look, and the leader looks
# every half of that time. Otherwise one dead follower would stop every acks=all write.

cluster brokers=3
topic min.insync.replicas=2
hold from=3 to=1 api=fetch
watch alter_partition_sent isr_shrunk high_watermark_moved
produce a timeout=60000
---
#1 is waiting

# Thirty seconds after it was caught up last is not yet too long.
run 30s
---
ok

# And after that nobody looks before another fifteen seconds have gone by.
run 14s
---
ok

run 1s
---
1: alter_partition_sent isr=[1,2] leader_epoch=0 partition_epoch=0
1: isr_shrunk isr=[1,2] partition_epoch=1
1: high_watermark_moved high_watermark=1 leader=true
#1 ok offset=0
