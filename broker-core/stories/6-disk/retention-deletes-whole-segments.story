# With retention.bytes at least that much is kept: the oldest segments go as long as enough is left, whole ones only, and never
# the one that is appended to. What is below cannot be read any more.

# Three segments of 138 bytes, one of 69.
cluster brokers=1 log.initial.task.delay.ms=1000
topic segment.bytes=150 retention.bytes=200
produce a
produce b
produce c
produce d
produce e
produce f
produce g
watch log_start_offset_incremented segments_deleted
run 301s
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
#4 ok offset=3
#5 ok offset=4
#6 ok offset=5
#7 ok offset=6
1: log_start_offset_incremented log_start_offset=4 reason=segment_deletion
1: segments_deleted segments=2

log 1
---
4..5 epoch=0 e
5..6 epoch=0 f
6..7 epoch=0 g

fetch offset=3
list-offsets earliest
---
#8 OFFSET_OUT_OF_RANGE
#9 offset=4 epoch=0
