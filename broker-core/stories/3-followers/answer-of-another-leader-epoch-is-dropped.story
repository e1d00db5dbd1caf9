# A fetch may be answered after its leader lost the leadership. A follower that has a new leader meanwhile drops the answer
# (KAFKA-7786): its records and errors are about another history. Appending b would let broker 3 differ from its leader.

# The answer that brings b to broker 3 is under way when broker 1, cut off from the others, is followed by broker 2.
cluster brokers=3
topic
produce a
hold from=1 to=3 api=fetch
cut 1 2
produce b acks=1
cut 1 controller
watch follower_started
run 10s
---
#1 ok offset=0
#2 ok offset=1
3: follower_started leader=2 leader_epoch=1

watch records_replicated log_truncated
release from=1 to=3 api=fetch
log 3
---
0..1 epoch=0 a

produce c to=2 acks=1
log 3
---
#3 ok offset=1
3: records_replicated base_offset=1 end_offset=2 leader_epoch=1
0..1 epoch=0 a
1..2 epoch=1 c
