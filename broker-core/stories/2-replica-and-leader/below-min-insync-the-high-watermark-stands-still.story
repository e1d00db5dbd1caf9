# While the ISR is smaller than min.insync.replicas the high watermark does not move (KAFKA-15583). Otherwise a record that
# only the leader has would count as committed and be read, and die with the leader.

cluster brokers=2 replica.lag.time.max.ms=1000
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
run 2s
alter-partition isr=1
---
#1 isr=[1] partition_epoch=1

# Broker 2 was not caught up for too long: nobody but the leader is waited for, and that is not enough.
produce a acks=1
fetch offset=0
---
#2 ok offset=0
#3 high_watermark=0

watch isr_expanded high_watermark_moved
release from=2 to=1 api=fetch
---
1: isr_expanded isr=[1,2] partition_epoch=2
1: high_watermark_moved high_watermark=1 leader=true
