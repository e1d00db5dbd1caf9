# Retention takes no segment that ends above the high watermark, however large the log: what is there is not committed, and a
# follower in the ISR still needs it.

# Two records in a segment; the high watermark is in the middle of the second.
cluster brokers=2 log.initial.task.delay.ms=1000 log.retention.check.interval.ms=1000
topic segment.bytes=150 retention.bytes=1
watch log_start_offset_incremented
produce a
produce b
produce c
hold from=2 to=1 api=fetch
produce d acks=1
produce e acks=1
produce f acks=1
run 5s
status
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
#4 ok offset=3
#5 ok offset=4
#6 ok offset=5
1: log_start_offset_incremented log_start_offset=2 reason=segment_deletion
2: log_start_offset_incremented log_start_offset=2 reason=segment_deletion
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2]
1: leader epoch=0 log=2..6 high_watermark=3 flushed=5 isr=[1,2]
2: follower epoch=0 log=2..4 high_watermark=3 flushed=3

release from=2 to=1 api=fetch
run 2s
---
1: log_start_offset_incremented log_start_offset=4 reason=segment_deletion
2: log_start_offset_incremented log_start_offset=4 reason=leader_offset_incremented
