# A follower that asks for the leader's end is caught up at that moment, however long it was silent before. Otherwise one that
# has just caught up would leave the ISR at the next record.

cluster brokers=2 replica.lag.time.max.ms=2000
topic
hold from=2 to=1 api=fetch
watch alter_partition_sent
run 10s
---
ok

# It asks once, for the end.
fetch as=2 offset=0
produce a acks=1
run 2s
---
#1 high_watermark=0
#2 ok offset=0

run 1s
---
1: alter_partition_sent isr=[1] leader_epoch=0 partition_epoch=0
