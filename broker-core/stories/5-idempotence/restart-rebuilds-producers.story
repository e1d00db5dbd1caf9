# A broker that restarts knows what producers wrote last from its log, after a crash and after a clean shutdown. Otherwise
# each restart would turn the retries under way into duplicates.

cluster brokers=1
topic
produce a producer=7/0 sequence=0
kill 1
boot 1
run 12s
---
#1 ok offset=0

watch records_appended duplicate_recognised
produce a producer=7/0 sequence=0
produce b producer=7/0 sequence=1
---
#2 ok offset=0
1: duplicate_recognised base_offset=0 base_sequence=0 producer_id=7
#3 ok offset=1
1: records_appended base_offset=1 base_sequence=1 end_offset=2 leader_epoch=2 producer_epoch=0 producer_id=7

shut-down 1
boot 1
run 12s
---
1: halted: shutdown

produce b producer=7/0 sequence=1
produce d producer=7/0 sequence=3
log 1
---
#4 ok offset=1
1: duplicate_recognised base_offset=1 base_sequence=1 producer_id=7
#5 OUT_OF_ORDER_SEQUENCE_NUMBER
0..1 epoch=0 producer=7/0 sequence=0 a
1..2 epoch=2 producer=7/0 sequence=1 b
