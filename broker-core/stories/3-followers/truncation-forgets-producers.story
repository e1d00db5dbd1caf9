# What is cut from a log is forgotten of its producers too, and what stays is still known. Otherwise the retry of a batch
# that was cut would be taken for a duplicate, and acknowledged without being anywhere.

cluster brokers=2
topic
produce a producer=7/0 sequence=0
cut 1 2
cut 1 controller
produce b producer=7/0 sequence=1 acks=1
run 10s
produce c to=2
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=1

# Broker 1 follows, cuts b, and leads again.
watch log_truncated duplicate_recognised records_appended
join 1 2
join 1 controller
run 40s
shut-down 2
partition
---
1: log_truncated from=2 to=1
leader=1 epoch=2 partition_epoch=3 isr=[1]

produce a producer=7/0 sequence=0
produce b producer=7/0 sequence=1
log 1
---
#4 ok offset=0
1: duplicate_recognised base_offset=0 base_sequence=0 producer_id=7
#5 ok offset=2
1: records_appended base_offset=2 base_sequence=1 end_offset=3 leader_epoch=2 producer_epoch=0 producer_id=7
0..1 epoch=0 producer=7/0 sequence=0 a
1..2 epoch=1 c
2..3 epoch=2 producer=7/0 sequence=1 b
