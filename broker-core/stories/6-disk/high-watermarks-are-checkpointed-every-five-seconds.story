# High watermarks reach the disk every five seconds (replica.high.watermark.checkpoint.interval.ms). A broker that restarts
# shows consumers no more than that, until its leader or its followers tell it more.

cluster brokers=1
topic
run 3s
produce a
cat 1 replication-offset-checkpoint
---
#1 ok offset=0
0
1
orders 0 0
crc32c 9665469a

produce b
run 4s
cat 1 replication-offset-checkpoint
---
#2 ok offset=1
0
1
orders 0 0
crc32c 9665469a

run 1s
cat 1 replication-offset-checkpoint
---
0
1
orders 0 2
crc32c b1207674
