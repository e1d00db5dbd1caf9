# A follower joins the ISR only on the strength of a fetch in this leader epoch. One from an earlier leader epoch speaks of a
# log that was not compared with this leader's yet: it is refused and counts for nothing.

cluster brokers=3
topic
hold from=3 to=1 api=fetch
hold from=3 to=2 api=fetch
run 1s
alter-partition isr="1,2"
kill 1
run 10s
partition
---
#1 isr=[1,2] partition_epoch=1
leader=2 epoch=1 partition_epoch=2 isr=[2]

watch alter_partition_sent
fetch as=3 to=2 offset=0 epoch=0
---
#2 FENCED_LEADER_EPOCH

fetch as=3 to=2 offset=0 epoch=1
---
#3 high_watermark=0
2: alter_partition_sent isr=[2,3] leader_epoch=1 partition_epoch=2
