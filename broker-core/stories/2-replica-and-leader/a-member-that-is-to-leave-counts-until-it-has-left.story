# While a leader asks to remove a member of the ISR, the high watermark still waits for that member: the controller may
# refuse, or make it leader. The answer to AlterPartition settles it, and metadata need not have arrived.

cluster brokers=3 replica.lag.time.max.ms=2000
topic min.insync.replicas=2
hold from=3 to=1 api=fetch
hold from=1 to=controller api=alterpartition
hold from=controller to=1 api=fetch
watch alter_partition_sent high_watermark_moved isr_shrunk
---
ok

produce a
run 5s
partition
---
#1 is waiting
1: alter_partition_sent isr=[1,2] leader_epoch=0 partition_epoch=0
leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]

release from=1 to=controller api=alterpartition
---
1: isr_shrunk isr=[1,2] partition_epoch=1
1: high_watermark_moved high_watermark=1 leader=true
#1 ok offset=0
