# A new leader's high watermark may be behind the one that consumers saw before. Until it reaches the start of its leader
# epoch the leader does not tell the latest offset (OFFSET_NOT_AVAILABLE): it would seem to go back.

# b is committed. Broker 2 has not heard of that when it becomes leader, and broker 3 does not fetch from it.
cluster brokers=3
topic
produce a
cut 2 3
hold from=1 to=2 api=fetch
hold from=1 to=3 api=fetch
produce b
release from=1 to=2 n=1 api=fetch
release from=1 to=3 n=1 api=fetch
list-offsets latest
kill 1
run 10s
status
list-offsets latest to=2
---
#1 ok offset=0
#2 is waiting
#2 ok offset=1
#3 offset=2 epoch=0
controller: leader=2 epoch=1 partition_epoch=1 isr=[2,3]
1: down
2: leader epoch=1 log=0..2 high_watermark=1 flushed=0 isr=[2,3]
3: follower epoch=1 log=0..2 high_watermark=1 flushed=0
#4 OFFSET_NOT_AVAILABLE

join 2 3
run 40s
list-offsets latest to=2
---
#5 offset=2 epoch=1
