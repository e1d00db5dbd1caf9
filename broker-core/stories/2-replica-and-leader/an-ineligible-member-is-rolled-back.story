# When the controller says that a member is not eligible, nothing was changed and never will be: the leader goes back to the
# committed ISR. Otherwise the high watermark would wait for ever for a member that cannot join.

cluster brokers=3
topic min.insync.replicas=2
hold from=3 to=1 api=fetch
run 1s
alter-partition isr="1,2"
---
#1 isr=[1,2] partition_epoch=1

# The controller fences broker 3, and broker 1 does not hear of it.
hold from=controller to=1 api=fetch
hold from=3 to=controller api=brokerheartbeat
run 10s
---
ok

watch alter_partition_sent alter_partition_answered
release from=3 to=1 api=fetch n=1
status
---
1: alter_partition_sent isr=[1,2,3] leader_epoch=0 partition_epoch=1
1: alter_partition_answered error=INELIGIBLE_REPLICA
controller: leader=1 epoch=0 partition_epoch=1 isr=[1,2]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1,2]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0

# Its next fetch may try again.
run 1s
release from=3 to=1 api=fetch n=1
---
1: alter_partition_sent isr=[1,2,3] leader_epoch=0 partition_epoch=1
1: alter_partition_answered error=INELIGIBLE_REPLICA
