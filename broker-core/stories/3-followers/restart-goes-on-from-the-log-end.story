# A broker that restarts has everything that was in its log, above its high watermark too, and fetches from the log end on.
# The high watermark comes from its checkpoint, written every five seconds, and is only a lower bound.

cluster brokers=2
topic
produce a
run 6s
produce b
kill 2
boot 2
cut 1 2
cat 2 replication-offset-checkpoint
run 10s
status
---
#1 ok offset=0
#2 ok offset=1
0
1
orders 0 1
crc32c 85c7deed
controller: leader=1 epoch=0 partition_epoch=1 isr=[1]
1: leader epoch=0 log=0..2 high_watermark=2 flushed=0 isr=[1]
2: follower epoch=0 log=0..2 high_watermark=1 flushed=0

watch log_truncated records_replicated high_watermark_moved
join 1 2
run 40s
---
2: high_watermark_moved high_watermark=2 leader=false
