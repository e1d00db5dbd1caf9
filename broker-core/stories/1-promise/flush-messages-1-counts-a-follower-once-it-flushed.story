# With flush.messages=1 a follower flushes what it appended before its next fetch says that it has it. Otherwise the high
# watermark would pass a record that the follower loses with its power.

cluster brokers=3
topic min.insync.replicas=2 flush.messages=1
disk 3 hold
---
ok

produce a
status
---
#1 is waiting
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..1 high_watermark=0 flushed=1 isr=[1,2,3]
2: follower epoch=0 log=0..1 high_watermark=0 flushed=1
3: follower epoch=0 log=0..1 high_watermark=0 flushed=0 countable=0

disk 3 go
---
#1 ok offset=0
