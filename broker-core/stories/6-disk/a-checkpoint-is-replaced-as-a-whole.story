# A checkpoint is written to a temporary file, synced, renamed, and its directory synced (FlushStep::Replace): until all that
# has happened the old one is there, whole. Half a checkpoint would be none, and all high watermarks would be lost.

cluster brokers=1
topic
produce a
run 5s
cat 1 replication-offset-checkpoint
---
#1 ok offset=0
0
1
orders 0 1
crc32c 85c7deed

disk 1 hold
produce b
run 5s
disk 1 show
cat 1 replication-offset-checkpoint
---
#2 ok offset=1
replace replication-offset-checkpoint
0
1
orders 0 1
crc32c 85c7deed

lose-power 1
cat 1 replication-offset-checkpoint
---
0
1
orders 0 1
crc32c 85c7deed
