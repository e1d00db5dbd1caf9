# A follower that now reaches where the leader's log ended at its previous fetch was caught up at that fetch. Otherwise one
# that is always a single batch behind, as under steady load every follower is, would leave the ISR.

cluster brokers=2 replica.lag.time.max.ms=2000
topic
hold from=2 to=1 api=fetch
watch alter_partition_sent
run 500ms
---
ok

# Each fetch comes after an append and so finds something new; the one before it ended where this one begins.
produce a acks=1
fetch as=2 offset=0
run 900ms
produce b acks=1
fetch as=2 offset=1
run 900ms
produce c acks=1
fetch as=2 offset=2
run 900ms
produce d acks=1
fetch as=2 offset=3
run 900ms
---
#1 ok offset=0
#2 high_watermark=0 [0..1 epoch=0 a]
#3 ok offset=1
#4 high_watermark=0 [1..2 epoch=0 b]
#5 ok offset=2
#6 high_watermark=1 [2..3 epoch=0 c]
#7 ok offset=3
#8 high_watermark=2 [3..4 epoch=0 d]

# Fetching without getting further is not being caught up.
fetch as=2 offset=3
run 900ms
fetch as=2 offset=3
run 900ms
fetch as=2 offset=3
run 900ms
---
#9 high_watermark=3 [3..4 epoch=0 d]
1: alter_partition_sent isr=[1] leader_epoch=0 partition_epoch=0
#10 high_watermark=4 [3..4 epoch=0 d]
#11 high_watermark=4 [3..4 epoch=0 d]
