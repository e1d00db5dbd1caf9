# Whatever a broker asks under another epoch than that of its registration is refused: it was sent by, or meant for, an
# earlier process. Otherwise a delayed heartbeat would keep a dead broker alive.

cluster brokers=1
topic
shut-down 1
run 1s
boot 1
run 3s
partition
---
1: halted: shutdown
leader=1 epoch=2 partition_epoch=2 isr=[1]

# The epoch of the first process was 0.
heartbeat 1 epoch=0
alter-partition isr=1 broker-epoch=0
allocate-producer-ids 1 epoch=0
---
#1 STALE_BROKER_EPOCH
#2 STALE_BROKER_EPOCH
#3 STALE_BROKER_EPOCH

# The same under the epoch of the second.
heartbeat 1
alter-partition isr=1
allocate-producer-ids 1
---
#4 unfenced
#5 isr=[1] partition_epoch=2
#6 producer ids 0..1000
