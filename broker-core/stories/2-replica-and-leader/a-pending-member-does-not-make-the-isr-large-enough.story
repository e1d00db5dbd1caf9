# Whether the ISR is large enough for acks=all is a matter of the committed one. A member that was only asked for may be
# refused, and then the record would be on fewer replicas than promised.

cluster brokers=2
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
run 1s
alter-partition isr=1
---
#1 isr=[1] partition_epoch=1

# Broker 2 is in sync again, and the controller has not been heard of.
hold from=1 to=controller api=alterpartition
release from=2 to=1 api=fetch
status
produce a
---
controller: leader=1 epoch=0 partition_epoch=1 isr=[1]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1] maximal=[1,2]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
#2 NOT_ENOUGH_REPLICAS

release from=1 to=controller api=alterpartition
produce a
---
#3 ok offset=0
