# Not Kafka's: with group commit a leader answers acks=1 and acks=all only once its own log is flushed past the batch; neither
# replication nor the high watermark waits. One flush serves every batch that came meanwhile, or each would cost one.

cluster brokers=2
topic flush.group.commit.enable=true min.insync.replicas=2
disk 1 hold
---
ok

produce a
produce b acks=1
produce c
status
---
#1 is waiting
#2 is waiting
#3 is waiting
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2]
1: leader epoch=0 log=0..3 high_watermark=3 flushed=0 isr=[1,2]
2: follower epoch=0 log=0..3 high_watermark=2 flushed=3

# The flush that began with a covers only that, the next one the rest.
disk 1 step
---
#1 ok offset=0

disk 1 step
disk 1 show
---
#3 ok offset=2
#2 ok offset=1

lose-power 1 2
disk 1 go
boot 1
run 30s
log 1
---
0..1 epoch=0 a
1..2 epoch=0 b
2..3 epoch=0 c
