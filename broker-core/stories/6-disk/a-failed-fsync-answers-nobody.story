# Who waits for a record when the fsync fails gets no answer, neither for that record nor for an older one: a client must not
# take a record for written, or for refused, on the word of a broker that lost track of its disk.

cluster brokers=3
topic min.insync.replicas=2 flush.messages=1
hold from=1 to=3
produce a
disk 1 hold
produce b
disk 1 show
---
#1 is waiting
#2 is waiting
file orders-0/00000000000000000000.log

disk 1 fail
---
1: halted: sync orders-0/00000000000000000000.log: other error
#1 disconnected
#2 disconnected

# The others have both, and say so.
release from=1 to=3
run 12s
status
---
controller: leader=2 epoch=1 partition_epoch=1 isr=[2,3]
1: down
2: leader epoch=1 log=0..2 high_watermark=2 flushed=2 isr=[2,3]
3: follower epoch=1 log=0..2 high_watermark=2 flushed=2
