# A digit that turns over is another digit: a recovery point too high would make a torn end look like damage, a high watermark
# too high would answer what nobody else has. The last line of a checkpoint is a checksum of the others, and one that does
# not fit is no checkpoint.

cluster brokers=1
topic partitions=1
produce a
run 60s
cat 1 replication-offset-checkpoint
cat 1 recovery-point-offset-checkpoint
---
#1 ok offset=0
0
1
orders 0 1
crc32c 85c7deed
0
1
orders 0 0
crc32c 9665469a

kill 1
damage 1 replication-offset-checkpoint 13
damage 1 recovery-point-offset-checkpoint 13
watch recovery_started recovery_finished log_damaged
boot 1
run 12s
cat 1 replication-offset-checkpoint
fetch offset=0
---
1: recovery_started recovery_point=0
1: recovery_finished cut_bytes=0 end_offset=1
0
1
orders 0 1
crc32c 85c7deed
#2 high_watermark=1 [0..1 epoch=0 a]

# It is written anew.
run 60s
cat 1 recovery-point-offset-checkpoint
---
0
1
orders 0 0
crc32c 9665469a
