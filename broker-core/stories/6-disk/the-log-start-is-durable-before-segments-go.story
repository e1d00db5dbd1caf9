# The log start is written to its checkpoint before the segments below it are deleted. After a power loss some of those are back:
# without that number nobody could tell a log whose beginning was deleted from one with a gap.

cluster brokers=1 log.initial.task.delay.ms=1000 log.retention.check.interval.ms=1000
topic segment.bytes=100 retention.bytes=1
produce a
produce b
produce c
disk 1 hold
watch log_start_offset_incremented segments_deleted
run 1s
disk 1 show
files 1
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
1: log_start_offset_incremented log_start_offset=2 reason=segment_deletion
replace log-start-offset-checkpoint
replace orders-0/leader-epoch-checkpoint
00000000000000000000.log 69
00000000000000000001.log 69
00000000000000000001.snapshot 14
00000000000000000002.log 69
00000000000000000002.snapshot 14
leader-epoch-checkpoint 24

disk 1 go
run 1s
files 1
---
1: segments_deleted segments=2
00000000000000000002.log 69
00000000000000000002.snapshot 14
leader-epoch-checkpoint 24

# Names that were removed come back, and go again at the start.
lose-power 1
files 1
cat 1 log-start-offset-checkpoint
---
00000000000000000000.log 69
00000000000000000001.log 69
00000000000000000001.snapshot 14
00000000000000000002.log 69
00000000000000000002.snapshot 14
leader-epoch-checkpoint 24
0
1
orders 0 2
crc32c b1207674

boot 1
run 15s
files 1
---
00000000000000000002.log 69
00000000000000000002.snapshot 14
leader-epoch-checkpoint 28
