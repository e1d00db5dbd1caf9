# A follower lets go of what its leader has let go of, with the next fetch, and the log start is the same after a restart.
# Otherwise the earliest offset would go back when another leads.

cluster brokers=2 log.initial.task.delay.ms=1000 log.retention.check.interval.ms=1000
topic segment.bytes=100 retention.bytes=1
produce a
produce b
produce c
watch log_start_offset_incremented segments_deleted
run 3s
status
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
1: log_start_offset_incremented log_start_offset=2 reason=segment_deletion
1: segments_deleted segments=2
2: log_start_offset_incremented log_start_offset=2 reason=leader_offset_incremented
2: segments_deleted segments=2
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2]
1: leader epoch=0 log=2..3 high_watermark=3 flushed=3 isr=[1,2]
2: follower epoch=0 log=2..3 high_watermark=3 flushed=3

lose-power 1
boot 1
run 12s
status
---
controller: leader=2 epoch=1 partition_epoch=2 isr=[1,2]
1: follower epoch=1 log=2..3 high_watermark=3 flushed=2
2: leader epoch=1 log=2..3 high_watermark=3 flushed=3 isr=[1,2]
