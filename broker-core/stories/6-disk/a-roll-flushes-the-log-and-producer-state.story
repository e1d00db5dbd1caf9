# KAFKA-9892: a segment roll flushes what came before, whatever the policy, and after it the producer snapshot at the base of the
# new segment. A snapshot that is durable before its batches, or not at all, makes retries after a power loss duplicates.

cluster brokers=1
topic segment.bytes=100
produce a producer=7/0 sequence=0
disk 1 hold
produce b producer=7/0 sequence=1
disk 1 show
---
#1 ok offset=0
#2 ok offset=1
file orders-0/00000000000000000000.log, file orders-0/00000000000000000001.log, file orders-0/00000000000000000001.snapshot, directory orders-0, directory .

# The power fails before the snapshot is there, and then once more after the flush has ended.
disk 1 part 2
lose-power 1
files 1
---
00000000000000000000.log 69
leader-epoch-checkpoint 24

disk 1 go
boot 1
run 12s
watch duplicate_recognised
produce a producer=7/0 sequence=0
produce b producer=7/0 sequence=1
lose-power 1
files 1
---
#3 ok offset=0
1: duplicate_recognised base_offset=0 base_sequence=0 producer_id=7
#4 ok offset=1
00000000000000000000.log 69
00000000000000000001.log 69
00000000000000000001.snapshot 57
leader-epoch-checkpoint 28

boot 1
run 12s
produce a producer=7/0 sequence=0
---
#5 ok offset=0
1: duplicate_recognised base_offset=0 base_sequence=0 producer_id=7
