# While one change of the ISR is under way the leader asks for no other. Otherwise two requests with the same partition epoch
# would race, and the leader could not say what the ISR is at most.

cluster brokers=3
topic
hold from=2 to=1 api=fetch
hold from=3 to=1 api=fetch
run 1s
alter-partition isr=1
---
#1 isr=[1] partition_epoch=1

watch alter_partition_sent isr_expanded
hold from=1 to=controller api=alterpartition
release from=2 to=1 api=fetch
---
1: alter_partition_sent isr=[1,2] leader_epoch=0 partition_epoch=1

# Broker 2 may be a member by now, whatever becomes of broker 3.
release from=3 to=1 api=fetch
run 5s
status
---
controller: leader=1 epoch=0 partition_epoch=1 isr=[1]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1] maximal=[1,2]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0

release from=1 to=controller api=alterpartition
run 1s
---
1: isr_expanded isr=[1,2] partition_epoch=2
1: alter_partition_sent isr=[1,2,3] leader_epoch=0 partition_epoch=2
1: isr_expanded isr=[1,2,3] partition_epoch=3
