# From the moment a leader asks for a new member of the ISR, the high watermark waits for that member (KIP-497, maximal ISR):
# the controller may have agreed, and may make it leader, long before its answer arrives.

cluster brokers=2
topic
hold from=2 to=1 api=fetch
run 1s
alter-partition isr=1
---
#1 isr=[1] partition_epoch=1

# The controller agrees to broker 2, and broker 1 hears nothing of it.
hold from=controller to=1 api=alterpartition
hold from=controller to=1 api=fetch
release from=2 to=1 api=fetch n=1
status
---
controller: leader=1 epoch=0 partition_epoch=2 isr=[1,2]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1] maximal=[1,2]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0

# Long after broker 2 was caught up last: only the pending change speaks for it.
run 40s
produce a
status
---
#2 is waiting
controller: leader=1 epoch=0 partition_epoch=2 isr=[1,2]
1: leader epoch=0 log=0..1 high_watermark=0 flushed=0 isr=[1] maximal=[1,2]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0

# Broker 2 leads now and never had the record; nobody was told that it is safe.
kill 1
run 10s
partition
---
#2 disconnected
leader=2 epoch=1 partition_epoch=3 isr=[2]
