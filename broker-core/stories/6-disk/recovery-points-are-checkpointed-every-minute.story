# Recovery points reach the disk each minute (log.flush.offset.checkpoint.interval.ms), 30 s after the start for the first
# time. An unclean start looks at everything above the one on the disk, so it must be there and must never be too high.

cluster brokers=1
topic flush.messages=1
run 27s
produce a
cat 1 recovery-point-offset-checkpoint
---
#1 ok offset=0
no such file

run 1s
produce b
cat 1 recovery-point-offset-checkpoint
---
#2 ok offset=1
0
1
orders 0 1
crc32c 85c7deed

run 59s
cat 1 recovery-point-offset-checkpoint
---
0
1
orders 0 1
crc32c 85c7deed

run 1s
cat 1 recovery-point-offset-checkpoint
---
0
1
orders 0 2
crc32c b1207674

# It is durable, and so is c, which is checked all the same.
produce c
watch recovery_started recovery_finished
lose-power 1
boot 1
---
#3 ok offset=2
1: recovery_started recovery_point=2
1: recovery_finished cut_bytes=0 end_offset=3
