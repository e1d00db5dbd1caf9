# One answer may not be enough (KIP-279): the leader does not know the follower's latest epoch and names epoch 1, which the
# follower does not know. So the follower cuts to where its own largest epoch below that ended, and asks again. With only
# the end offset of another epoch to go by, it would keep x or z, and both logs would differ for good.

# Each broker leads alone in turn, uncleanly. Both have a. Broker 1 has x, of epoch 0, and z, of an epoch after 1; broker 2
# has y and yy, of epoch 1, and leads at last.
cluster brokers=2
topic unclean.leader.election.enable=true
produce a
run 6s
cut 1 2
produce x acks=1
kill 1
run 10s
join 1 2
produce y to=2
produce yy to=2
kill 2
run 8s
boot 1
run 4s
produce z acks=1
log 1
kill 1
boot 2
run 10s
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=1
#4 ok offset=2
#5 ok offset=2
0..1 epoch=0 a
1..2 epoch=0 x
2..3 epoch=3 z

epochs 2
watch log_truncated records_replicated
boot 1
run 10s
log 1
log 2
---
0 from 0
1 from 1
4 from 3
1: log_truncated from=3 to=2
1: log_truncated from=2 to=1
1: records_replicated base_offset=1 end_offset=2 leader_epoch=1
1: records_replicated base_offset=2 end_offset=3 leader_epoch=1
0..1 epoch=0 a
1..2 epoch=1 y
2..3 epoch=1 yy
0..1 epoch=0 a
1..2 epoch=1 y
2..3 epoch=1 yy
