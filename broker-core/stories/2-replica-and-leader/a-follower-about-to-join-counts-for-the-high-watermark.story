# The high watermark waits for a follower outside the ISR that is caught up and may join. Otherwise the leader alone could
# run ahead faster than a follower can ever join. Once the follower has not been caught up for replica.lag.time.max.ms, it
# is not waited for any more.

cluster brokers=3 replica.lag.time.max.ms=2000
topic
hold from=2 to=1 api=fetch
hold from=3 to=1 api=fetch
run 1s
alter-partition isr=1
---
#1 isr=[1] partition_epoch=1

# Broker 2 asks and is about to join; the leader asks for one change at a time, so broker 3 has to wait.
hold from=1 to=controller api=alterpartition
release from=2 to=1 api=fetch
release from=3 to=1 api=fetch n=1
produce a
status
---
#2 is waiting
controller: leader=1 epoch=0 partition_epoch=1 isr=[1]
1: leader epoch=0 log=0..1 high_watermark=0 flushed=0 isr=[1] maximal=[1,2]
2: follower epoch=0 log=0..1 high_watermark=0 flushed=0
3: follower epoch=0 log=0..1 high_watermark=0 flushed=0

# Broker 3 was caught up one second ago, then three.
run 1s
---
ok

run 2s
---
#2 ok offset=0
