# A follower that is fenced does not join the ISR, however caught up it is (KIP-841): the controller does not hear of it, and
# an ISR of brokers that cannot lead protects nothing.

cluster brokers=3
topic min.insync.replicas=2
hold from=3 to=controller api=brokerheartbeat
run 10s
partition
---
leader=1 epoch=0 partition_epoch=1 isr=[1,2]

# It fetches all the time and has everything.
watch alter_partition_sent isr_expanded
produce a
run 5s
status
---
#1 ok offset=0
controller: leader=1 epoch=0 partition_epoch=1 isr=[1,2]
1: leader epoch=0 log=0..1 high_watermark=1 flushed=0 isr=[1,2]
2: follower epoch=0 log=0..1 high_watermark=1 flushed=0
3: follower epoch=0 log=0..1 high_watermark=1 flushed=0

heartbeat 3
run 1s
---
#2 unfenced
1: alter_partition_sent isr=[1,2,3] leader_epoch=0 partition_epoch=1
1: isr_expanded isr=[1,2,3] partition_epoch=2
