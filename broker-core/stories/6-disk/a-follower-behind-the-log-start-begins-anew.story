# A follower whose log ends below the leader's start can get nothing that follows on: it drops its log and begins at the leader's
# start. It would otherwise ask for ever for what nobody has, or have a gap.

cluster brokers=2 log.initial.task.delay.ms=1000 log.retention.check.interval.ms=1000
topic segment.bytes=100 retention.bytes=1
produce a
kill 2
run 12s
produce b
produce c
produce d
run 2s
watch log_truncated_fully records_replicated
boot 2
run 3s
status
log 2
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
#4 ok offset=3
2: log_truncated_fully from=1 log_start_offset=3
2: records_replicated base_offset=3 end_offset=4 leader_epoch=0
controller: leader=1 epoch=0 partition_epoch=2 isr=[1,2]
1: leader epoch=0 log=3..4 high_watermark=4 flushed=4 isr=[1,2]
2: follower epoch=0 log=3..4 high_watermark=4 flushed=3
3..4 epoch=0 d
