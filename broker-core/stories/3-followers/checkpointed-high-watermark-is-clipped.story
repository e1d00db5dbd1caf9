# The checkpoint of high watermarks is flushed, records are not: after a power loss it may lie above the log end. Then it is
# clipped, or the broker would promise consumers what it does not have.

cluster brokers=2
topic
produce a
run 6s
lose-power 2
boot 2
cut 1 2
run 10s
cat 2 replication-offset-checkpoint
status
---
#1 ok offset=0
0
1
orders 0 0
crc32c 9665469a
controller: leader=1 epoch=0 partition_epoch=1 isr=[1]
1: leader epoch=0 log=0..1 high_watermark=1 flushed=0 isr=[1]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
