# The controller answers nobody and shows nothing to anybody before the records it decided on are durable; not even refusals,
# which may rest on records that are not. Otherwise a power loss would take back what somebody already acts on.

cluster brokers=3
topic min.insync.replicas=2
disk controller hold
watch broker_started isr_shrunk
alter-partition isr="1,2"
register 9 incarnation=7
register 1 incarnation=7
heartbeat 2
run 5s
---
#1 is waiting
#2 is waiting
#3 is waiting
#4 is waiting

# Whatever it has decided nobody knows, and so a power loss may take it back.
lose-power controller
disk controller go
boot controller
run 1s
partition
status
---
#1 disconnected
#2 disconnected
#3 disconnected
#4 disconnected
leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1,2,3]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0

alter-partition isr="1,2"
register 9 incarnation=7
---
#5 isr=[1,2] partition_epoch=1
1: isr_shrunk isr=[1,2] partition_epoch=1
#6 broker epoch 9
