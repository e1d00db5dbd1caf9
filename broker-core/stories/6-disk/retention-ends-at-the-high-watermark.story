# Retention takes nothing above the high watermark, however large the log: it is not committed, and a follower in the ISR still
# needs it.

cluster brokers=2 log.initial.task.delay.ms=1000 log.retention.check.interval.ms=1000
topic segment.bytes=100 retention.bytes=1
watch log_start_offset_incremented
produce a
produce b
hold from=2 to=1 api=fetch
produce c acks=1
produce d acks=1
produce e acks=1
run 5s
status
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
#4 ok offset=3
#5 ok offset=4
1: log_start_offset_incremented log_start_offset=2 reason=segment_deletion
2: log_start_offset_incremented log_start_offset=2 reason=segment_deletion
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2]
1: leader epoch=0 log=2..5 high_watermark=2 flushed=5 isr=[1,2]
2: follower epoch=0 log=2..3 high_watermark=2 flushed=3

release from=2 to=1 api=fetch
run 2s
---
1: log_start_offset_incremented log_start_offset=4 reason=segment_deletion
2: log_start_offset_incremented log_start_offset=4 reason=leader_offset_incremented
