# KAFKA-7190: after a truncation the state of producers comes from the newest snapshot at or below the new end, and the batches
# after it. What it says of batches that retention has deleted can come from nowhere else.

cluster brokers=2 log.initial.task.delay.ms=1000 log.retention.check.interval.ms=1000
topic segment.bytes=100 retention.bytes=1
produce a producer=7/0 sequence=0
produce b
run 2s
cut 1 2
cut 1 controller
produce c acks=1
run 10s
log 1
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
2..3 epoch=0 c

# Broker 2 leads; broker 1 cuts c, and leads again.
watch log_truncated duplicate_recognised
join 1 2
join 1 controller
run 40s
shut-down 2
run 5s
---
1: log_truncated from=3 to=2
2: halted: shutdown

files 1
---
00000000000000000002.log 0
00000000000000000002.snapshot 57
leader-epoch-checkpoint 24

produce a producer=7/0 sequence=0
---
#4 ok offset=0
1: duplicate_recognised base_offset=0 base_sequence=0 producer_id=7
