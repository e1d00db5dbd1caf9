# With acks=0 nobody wants an answer, with acks=1 it comes when the leader has appended; only acks=all waits for followers.

cluster brokers=3
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
---
ok

produce a acks=0
produce b acks=1
produce c
status
---
#1 gets no answer
#2 ok offset=1
#3 is waiting
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..3 high_watermark=0 flushed=0 isr=[1,2,3]
2: follower epoch=0 log=0..1 high_watermark=0 flushed=0
3: follower epoch=0 log=0..3 high_watermark=0 flushed=0

release from=2 to=1 api=fetch
---
#3 ok offset=2
