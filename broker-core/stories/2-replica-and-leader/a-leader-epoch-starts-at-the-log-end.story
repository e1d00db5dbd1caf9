# A leader epoch starts where the new leader's log ends, and that is recorded at once, before there is any record in it
# (KAFKA-7415). Otherwise a follower with records of an epoch that the leader never heard of could not be told where to cut.

cluster brokers=3
topic
watch leader_started
produce a b
---
#1 ok offset=0

# Broker 2 leads without a record of its own, then broker 3.
kill 1
run 10s
kill 2
run 10s
---
2: leader_started leader_epoch=1 start_offset=2
3: leader_started leader_epoch=2 start_offset=2

epochs 3
epoch-end 0 to=3
epoch-end 1 to=3
---
0 from 0
2 from 2
#2 epoch=0 end=2
#3 epoch=0 end=2
