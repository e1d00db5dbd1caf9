# The first example of KIP-101. A follower learns late how far the high watermark is; it may have records above it that were
# acknowledged long ago. Whoever cuts its log to its own high watermark on becoming a follower, and is then elected before it
# fetched them again, has lost them.

# b is acknowledged, but no follower has heard of that.
cluster brokers=3
topic
produce a
hold from=2 to=1 api=fetch
hold from=3 to=1 api=fetch
produce b
hold from=1 to=2 api=fetch
hold from=1 to=3 api=fetch
release from=2 to=1 api=fetch
release from=3 to=1 api=fetch
status
---
#1 ok offset=0
#2 is waiting
#2 ok offset=1
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]
1: leader epoch=0 log=0..2 high_watermark=2 flushed=0 isr=[1,2,3]
2: follower epoch=0 log=0..2 high_watermark=1 flushed=0
3: follower epoch=0 log=0..2 high_watermark=1 flushed=0

# Broker 1 dies. Broker 3 follows broker 2, cannot reach it, and leads after it.
watch log_truncated leader_started follower_started
cut 2 3
kill 1
run 10s
kill 2
run 10s
fetch to=3 offset=0
---
2: leader_started leader_epoch=1 start_offset=2
3: follower_started leader=2 leader_epoch=1
3: leader_started leader_epoch=2 start_offset=2
#3 high_watermark=2 [0..1 epoch=0 a] [1..2 epoch=0 b]
