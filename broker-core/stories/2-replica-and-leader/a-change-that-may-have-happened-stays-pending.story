# When the controller answers that the leader's epochs are old, the change may have been made by an earlier try whose answer
# was lost. The leader keeps to the larger ISR and asks no more until metadata tells.

cluster brokers=2
topic
hold from=2 to=1 api=fetch
run 1s
alter-partition isr=1
hold from=controller to=1 api=fetch
hold from=controller to=1 api=alterpartition
---
#1 isr=[1] partition_epoch=1

# The controller adds broker 2; its answer is lost on the way.
watch alter_partition_sent alter_partition_answered isr_expanded
release from=2 to=1 api=fetch
partition
lose from=controller to=1 api=alterpartition
---
1: alter_partition_sent isr=[1,2] leader_epoch=0 partition_epoch=1
leader=1 epoch=0 partition_epoch=2 isr=[1,2]
1: alter_partition_answered error=REQUEST_TIMED_OUT

# So broker 1 asks again, is told that it is out of date, and waits.
run 20s
status
---
1: alter_partition_sent isr=[1,2] leader_epoch=0 partition_epoch=1
1: alter_partition_answered error=INVALID_UPDATE_VERSION
controller: leader=1 epoch=0 partition_epoch=2 isr=[1,2]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1] maximal=[1,2]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0

release from=controller to=1 api=fetch
---
1: isr_expanded isr=[1,2] partition_epoch=2
