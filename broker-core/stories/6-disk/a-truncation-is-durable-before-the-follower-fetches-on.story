# A follower that cut its log appends nothing before the cut, and a recovery point that is no higher, are durable. Otherwise a
# power loss could bring back what was cut, below what it has from the new leader, and call it flushed.

cluster brokers=2
topic flush.messages=1
produce a
run 60s
cut 1 2
cut 1 controller
produce b acks=1
produce c acks=1
run 60s
produce d to=2
cat 1 recovery-point-offset-checkpoint
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
#4 ok offset=1
0
1
orders 0 3
crc32c a282ee03

watch log_truncated records_replicated
join 1 2
join 1 controller
disk 1 hold
run 20s
disk 1 show
---
1: log_truncated from=3 to=1
file orders-0/00000000000000000000.log, replace recovery-point-offset-checkpoint, replace log-start-offset-checkpoint
replace replication-offset-checkpoint

status
---
controller: leader=2 epoch=1 partition_epoch=1 isr=[2]
1: follower epoch=1 log=0..1 high_watermark=1 flushed=1
2: leader epoch=1 log=0..2 high_watermark=2 flushed=2 isr=[2]

# It loses its power now: b and c are back, and go again.
lose-power 1
disk 1 go
boot 1
run 20s
log 1
---
1: log_truncated from=3 to=1
1: records_replicated base_offset=1 end_offset=2 leader_epoch=1
0..1 epoch=0 a
1..2 epoch=1 d
