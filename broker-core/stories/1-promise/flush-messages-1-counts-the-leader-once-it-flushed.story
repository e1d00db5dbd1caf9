# With flush.messages=1 an append ends with its flush: before that the leader's own copy counts for nobody, neither for the
# high watermark nor for acks=1. Otherwise a leader could lose, with its power, a record it had vouched for.

cluster brokers=3
topic min.insync.replicas=2 flush.messages=1
disk 1 hold
---
ok

# Both followers have both records and have flushed them.
produce a acks=1
produce b
status
---
#1 is waiting
#2 is waiting
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..2 high_watermark=0 flushed=0 isr=[1,2,3] countable=0
2: follower epoch=0 log=0..2 high_watermark=0 flushed=2
3: follower epoch=0 log=0..2 high_watermark=0 flushed=2

disk 1 go
status
---
#1 ok offset=0
#2 ok offset=1
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..2 high_watermark=2 flushed=2 isr=[1,2,3]
2: follower epoch=0 log=0..2 high_watermark=0 flushed=2
3: follower epoch=0 log=0..2 high_watermark=0 flushed=2
