# A produce that waits belongs to the leader epoch it was appended in. A leader that is re-elected without having noticed
# that it was deposed must not answer it with the high watermark of its new leader epoch (KAFKA-20634): somebody else may
# have led in between, and what stands at that offset may be another record.

cluster brokers=2
topic
hold from=2 to=1 api=fetch
run 1s
produce a
---
#1 is waiting

# From here on broker 1 does not hear what the controller decides.
hold from=controller to=1 api=fetch
hold from=1 to=controller api=brokerheartbeat
run 1s
alter-partition isr=1
---
#2 isr=[1] partition_epoch=1

# Its session ends, nobody leads; then it is heard of again and leads in leader epoch 2.
run 9s
heartbeat 1
partition
---
#3 unfenced
leader=1 epoch=2 partition_epoch=3 isr=[1]

# It hears of all that at once. Alone in the ISR, its log end is the high watermark.
watch leader_started high_watermark_moved
release from=controller to=1 api=fetch
---
1: leader_started leader_epoch=2 start_offset=1
1: high_watermark_moved high_watermark=1 leader=true
#1 NOT_LEADER_OR_FOLLOWER
