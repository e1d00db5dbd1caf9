# A follower joins the ISR only once it has everything below the start of the leader epoch, too (KAFKA-7128). A new leader's
# high watermark may be behind what is committed; a follower that had only reached it could be elected without the rest.

cluster brokers=3 replica.fetch.max.bytes=1
topic min.insync.replicas=2
produce a
produce b
---
#1 ok offset=0
#2 ok offset=1

# Both are committed. Broker 1 loses them; the high watermark of broker 2, which leads now, is still 1.
hold from=3 to=2 api=fetch
hold from=1 to=2 api=fetch
lose-power 1
run 10s
boot 1
run 1s
status
---
controller: leader=2 epoch=1 partition_epoch=1 isr=[2,3]
1: follower epoch=1 log=0..0 high_watermark=0 flushed=0
2: leader epoch=1 log=0..2 high_watermark=1 flushed=0 isr=[2,3]
3: follower epoch=1 log=0..2 high_watermark=1 flushed=0

# Broker 1 gets one batch for each fetch; only the third fetch is from offset 2.
watch records_replicated alter_partition_sent
release from=1 to=2 api=fetch n=1
---
1: records_replicated base_offset=0 end_offset=1 leader_epoch=0

release from=1 to=2 api=fetch n=1
---
1: records_replicated base_offset=1 end_offset=2 leader_epoch=0

release from=1 to=2 api=fetch n=1
---
2: alter_partition_sent isr=[2,3,1] leader_epoch=1 partition_epoch=1
