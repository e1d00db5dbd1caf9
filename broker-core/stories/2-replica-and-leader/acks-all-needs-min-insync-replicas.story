# With acks=all a batch is refused with NOT_ENOUGH_REPLICAS (19) while the ISR is smaller than min.insync.replicas, and it is
# not appended: a client that is told so takes it for never written. acks=1 asks for no such thing.

cluster brokers=3
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
hold from=3 to=1 api=fetch
alter-partition isr=1
---
#1 isr=[1] partition_epoch=1

produce a
status
---
#2 NOT_ENOUGH_REPLICAS
controller: leader=1 epoch=0 partition_epoch=1 isr=[1]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0

produce b acks=1
log 1
---
#3 ok offset=0
0..1 epoch=0 b
