# A flush syncs the segments from the recovery point to the log end, oldest first, and nothing below. Without one of them the
# recovery point would promise what is not there; with all of them each flush would cost more than the last.

cluster brokers=1
topic segment.bytes=150 flush.messages=3
produce a
produce b
produce c
status
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
controller: leader=1 epoch=0 partition_epoch=0 isr=[1]
1: leader epoch=0 log=0..3 high_watermark=3 flushed=3 isr=[1]

# c is durable, but d is in the same segment; with e another one begins.
disk 1 hold
produce d
produce e
disk 1 show
---
#4 ok offset=3
#5 ok offset=4
file orders-0/00000000000000000002.log, file orders-0/00000000000000000004.log, file orders-0/00000000000000000004.snapshot, directory orders-0, directory .

disk 1 step
status
---
controller: leader=1 epoch=0 partition_epoch=0 isr=[1]
1: leader epoch=0 log=0..5 high_watermark=5 flushed=5 isr=[1]
