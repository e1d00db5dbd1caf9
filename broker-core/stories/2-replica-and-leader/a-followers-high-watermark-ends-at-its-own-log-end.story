# A follower's high watermark is the leader's, but at most its own log end: it cannot vouch for records it does not have.

cluster brokers=2 replica.fetch.max.bytes=1 replica.lag.time.max.ms=1000
topic
hold from=2 to=1 api=fetch
run 2s
alter-partition isr=1
produce a
produce b
---
#1 isr=[1] partition_epoch=1
#2 ok offset=0
#3 ok offset=1

# Each answer brings one batch, and says that the leader's high watermark is 2.
release from=2 to=1 api=fetch n=1
status
---
controller: leader=1 epoch=0 partition_epoch=1 isr=[1]
1: leader epoch=0 log=0..2 high_watermark=2 flushed=0 isr=[1]
2: follower epoch=0 log=0..1 high_watermark=1 flushed=0

release from=2 to=1 api=fetch n=1
status
---
controller: leader=1 epoch=0 partition_epoch=1 isr=[1]
1: leader epoch=0 log=0..2 high_watermark=2 flushed=0 isr=[1]
2: follower epoch=0 log=0..2 high_watermark=2 flushed=0
