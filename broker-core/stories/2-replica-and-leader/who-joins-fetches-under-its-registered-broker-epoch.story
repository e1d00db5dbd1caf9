# A follower joins the ISR only with a fetch under the broker epoch it is registered with now (KIP-903). A fetch from before
# a restart that arrives late speaks of a log that is no longer there, and is no progress at all.

cluster brokers=3
topic min.insync.replicas=2
produce a
hold from=3 to=1 api=fetch
run 1s
---
#1 ok offset=0

# Under way is a fetch of broker 3 that says it has the record. It has not any more, and is registered anew.
lose-power 3
run 10s
boot 3
run 1s
status
---
controller: leader=1 epoch=0 partition_epoch=1 isr=[1,2]
1: leader epoch=0 log=0..1 high_watermark=1 flushed=0 isr=[1,2]
2: follower epoch=0 log=0..1 high_watermark=1 flushed=0
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0

watch alter_partition_sent records_replicated isr_expanded
release from=3 to=1 api=fetch n=1
---
ok

release from=3 to=1 api=fetch
---
3: records_replicated base_offset=0 end_offset=1 leader_epoch=0
1: alter_partition_sent isr=[1,2,3] leader_epoch=0 partition_epoch=1
1: isr_expanded isr=[1,2,3] partition_epoch=2
