# A change of the ISR that was not answered, or refused for a reason that passes, is asked for again, in the same words. If
# the leader gave up, a follower that is caught up would stay outside and nobody would try again.

cluster brokers=2
topic
hold from=2 to=1 api=fetch
run 1s
alter-partition isr=1
hold from=1 to=controller api=alterpartition
watch alter_partition_sent alter_partition_answered isr_expanded
release from=2 to=1 api=fetch n=1
---
#1 isr=[1] partition_epoch=1
1: alter_partition_sent isr=[1,2] leader_epoch=0 partition_epoch=1

lose from=1 to=controller api=alterpartition
---
1: alter_partition_answered error=REQUEST_TIMED_OUT

# No other fetch has reminded it.
run 1s
---
1: alter_partition_sent isr=[1,2] leader_epoch=0 partition_epoch=1
1: isr_expanded isr=[1,2] partition_epoch=2
1: alter_partition_answered error=NONE
