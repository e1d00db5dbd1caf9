# A follower that asked for the leader's end is caught up for as long as nothing is appended, even if it does not ask again.
# Otherwise every quiet topic would lose its followers. It is late from the first record on that it does not fetch.

cluster brokers=2
topic
produce a
hold from=2 to=1 api=fetch
watch alter_partition_sent
run 100s
---
#1 ok offset=0

produce b
run 15s
---
#2 is waiting
1: alter_partition_sent isr=[1] leader_epoch=0 partition_epoch=0
#2 ok offset=1
