# An acknowledgement of acks=all says that every member of the ISR has the record in memory: no flush is waited for, even
# with the disks of all brokers standing still. Whoever reads more into it loses records when all power goes at once.

cluster brokers=3
topic min.insync.replicas=2
disk 1 hold
disk 2 hold
disk 3 hold
---
ok

produce a
status
---
#1 ok offset=0
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..1 high_watermark=1 flushed=0 isr=[1,2,3]
2: follower epoch=0 log=0..1 high_watermark=0 flushed=0
3: follower epoch=0 log=0..1 high_watermark=0 flushed=0

# All of them lose power. Nobody breaks a promise: the record was in the memory of three brokers. Now none has it.
lose-power 1 2 3
boot 1 2 3
disk 1 go
disk 2 go
disk 3 go
run 15s
log 1
log 2
log 3
---
ok
