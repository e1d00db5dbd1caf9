# KAFKA-7190: a producer whose batches retention has deleted is still known, after a restart too, from the snapshots of what
# is left. Otherwise its retry would be written a second time.

cluster brokers=1 log.initial.task.delay.ms=1000
topic segment.bytes=100 retention.bytes=1
run 5s
watch segments_deleted duplicate_recognised
produce a producer=7/0 sequence=0
produce b
run 300s
log 1
files 1
---
#1 ok offset=0
#2 ok offset=1
1: segments_deleted segments=1
1..2 epoch=0 b
00000000000000000001.log 69
00000000000000000001.snapshot 57
leader-epoch-checkpoint 24

lose-power 1
boot 1
run 12s
produce a producer=7/0 sequence=0
produce x producer=7/0 sequence=2
---
#3 ok offset=0
1: duplicate_recognised base_offset=0 base_sequence=0 producer_id=7
#4 OUT_OF_ORDER_SEQUENCE_NUMBER
