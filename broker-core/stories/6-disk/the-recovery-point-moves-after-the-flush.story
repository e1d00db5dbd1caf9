# The recovery point says what recovery need not look at. It moves when a flush has ended, not when it begins: otherwise a
# checkpoint that is written meanwhile would vouch for records that a power loss still takes.

cluster brokers=1 log.flush.offset.checkpoint.interval.ms=1000 log.initial.task.delay.ms=3000
topic flush.messages=2
produce a
disk 1 hold
produce b acks=1
run 1s
disk 1 show
status
---
#1 ok offset=0
#2 is waiting
file orders-0/00000000000000000000.log, directory orders-0, directory .
replace recovery-point-offset-checkpoint
controller: leader=1 epoch=0 partition_epoch=0 isr=[1]
1: leader epoch=0 log=0..2 high_watermark=1 flushed=0 isr=[1] countable=1

# The checkpoint was begun before the flush had ended.
disk 1 go
cat 1 recovery-point-offset-checkpoint
---
#2 ok offset=1
0
1
orders 0 0
crc32c 9665469a

run 1s
cat 1 recovery-point-offset-checkpoint
---
0
1
orders 0 2
crc32c b1207674
