# A follower in controlled shutdown does not join the ISR again (KIP-841). Otherwise it would be back, and might
# even lead, at the moment it goes.

cluster brokers=3
topic min.insync.replicas=2
watch alter_partition_sent isr_shrunk isr_expanded
heartbeat 3 leave=true
---
#1 unfenced
1: isr_shrunk isr=[1,2] partition_epoch=1

# It goes on fetching and has everything.
produce a
run 5s
status
---
#2 ok offset=0
controller: leader=1 epoch=0 partition_epoch=1 isr=[1,2]
1: leader epoch=0 log=0..1 high_watermark=1 flushed=0 isr=[1,2]
2: follower epoch=0 log=0..1 high_watermark=1 flushed=0
3: follower epoch=0 log=0..1 high_watermark=1 flushed=0

# As a new process it may.
kill 3
run 10s
boot 3
run 3s
---
1: alter_partition_sent isr=[1,2,3] leader_epoch=0 partition_epoch=1
1: isr_expanded isr=[1,2,3] partition_epoch=2
