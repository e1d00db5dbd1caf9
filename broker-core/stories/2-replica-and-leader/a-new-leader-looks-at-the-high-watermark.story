# A follower learns of the high watermark one fetch late. When it becomes leader and is alone in the ISR, everything it has is
# committed, and nothing else would ever tell it so.

cluster brokers=2
topic
produce a
status
---
#1 ok offset=0
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2]
1: leader epoch=0 log=0..1 high_watermark=1 flushed=0 isr=[1,2]
2: follower epoch=0 log=0..1 high_watermark=0 flushed=0

watch leader_started high_watermark_moved
kill 1
run 10s
---
2: leader_started leader_epoch=1 start_offset=1
2: high_watermark_moved high_watermark=1 leader=true
