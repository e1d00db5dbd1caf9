# A follower cuts its log where its history parts from the leader's, asks again, and takes the leader's records (KIP-101,
# KIP-595). What only a leader had that was cut off must go, wherever the high watermark stands; what both have must stay.

cluster brokers=3
topic
produce a b
cut 1 2
cut 1 3
cut 1 controller
produce x y acks=1
run 10s
produce c to=2
log 1
log 2
---
#1 ok offset=0
#2 ok offset=2
#3 ok offset=2
0..2 epoch=0 a b
2..4 epoch=0 x y
0..2 epoch=0 a b
2..3 epoch=1 c

watch log_truncated records_replicated
join 1 2
join 1 3
join 1 controller
run 40s
log 1
---
1: log_truncated from=4 to=2
1: records_replicated base_offset=2 end_offset=3 leader_epoch=1
0..2 epoch=0 a b
2..3 epoch=1 c
