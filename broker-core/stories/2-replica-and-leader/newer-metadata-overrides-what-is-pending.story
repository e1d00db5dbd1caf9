# Metadata with a newer partition epoch settles whatever the leader had asked for, and an answer that comes later is about a
# state that is no more. Otherwise the leader would take for its ISR what the controller never decided.

cluster brokers=3
topic min.insync.replicas=2
hold from=3 to=1 api=fetch
run 1s
alter-partition isr="1,2"
---
#1 isr=[1,2] partition_epoch=1

# Broker 1 asks for broker 3; the controller takes broker 2 away before it reads that.
hold from=1 to=controller api=alterpartition
watch alter_partition_sent alter_partition_answered isr_shrunk isr_expanded
release from=3 to=1 api=fetch n=1
status
kill 2
run 10s
status
---
1: alter_partition_sent isr=[1,2,3] leader_epoch=0 partition_epoch=1
controller: leader=1 epoch=0 partition_epoch=1 isr=[1,2]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1,2] maximal=[1,2,3]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0
1: isr_shrunk isr=[1] partition_epoch=2
controller: leader=1 epoch=0 partition_epoch=2 isr=[1]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1]
2: down
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0

# The first request is too late, and its answer speaks of nothing any more. The next fetch starts anew.
release from=1 to=controller api=alterpartition
release from=3 to=1 api=fetch
---
1: alter_partition_sent isr=[1,3] leader_epoch=0 partition_epoch=2
1: isr_expanded isr=[1,3] partition_epoch=3
1: alter_partition_answered error=NONE
