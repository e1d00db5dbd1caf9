# The high watermark is the smallest log end of the leader and every member of the ISR, and acks=all waits for it. What was
# only sent to a follower does not count: its log end is the offset it asks for next.

cluster brokers=3
topic min.insync.replicas=2
status
---
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1,2,3]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0

hold from=3 to=1 api=fetch
produce a b
status
---
#1 is waiting
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..2 high_watermark=0 flushed=0 isr=[1,2,3]
2: follower epoch=0 log=0..2 high_watermark=0 flushed=0
3: follower epoch=0 log=0..2 high_watermark=0 flushed=0

release from=3 to=1 api=fetch
status
---
#1 ok offset=0
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..2 high_watermark=2 flushed=0 isr=[1,2,3]
2: follower epoch=0 log=0..2 high_watermark=0 flushed=0
3: follower epoch=0 log=0..2 high_watermark=0 flushed=0
