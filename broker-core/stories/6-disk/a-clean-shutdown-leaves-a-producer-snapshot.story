# A clean shutdown writes the state of producers at the log end; the start after it reads that and replays no batch. What
# retention has deleted cannot be replayed at all.

cluster brokers=1
topic
produce a producer=7/0 sequence=0
shut-down 1
files 1
---
#1 ok offset=0
1: halted: shutdown
00000000000000000000.log 69
00000000000000000001.snapshot 57
leader-epoch-checkpoint 24

# Only one that is whole is believed.
damage 1 orders-0/00000000000000000001.snapshot 30
watch duplicate_recognised
boot 1
run 5s
files 1
---
00000000000000000000.log 69
leader-epoch-checkpoint 28

produce a producer=7/0 sequence=0
---
#2 ok offset=0
1: duplicate_recognised base_offset=0 base_sequence=0 producer_id=7
