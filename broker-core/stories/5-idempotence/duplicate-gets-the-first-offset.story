# A batch with the sequences of one that is in the log is a duplicate: nothing is appended, and the answer is OK with the
# offset of the first append (KIP-98). An error would make the producer send the same records under new sequences.

cluster brokers=2
topic
watch records_appended duplicate_recognised
produce a b producer=7/0 sequence=0
produce c producer=7/0 sequence=2
---
1: records_appended base_offset=0 base_sequence=0 end_offset=2 leader_epoch=0 producer_epoch=0 producer_id=7
#1 ok offset=0
1: records_appended base_offset=2 base_sequence=2 end_offset=3 leader_epoch=0 producer_epoch=0 producer_id=7
#2 ok offset=2

produce a b producer=7/0 sequence=0
produce c producer=7/0 sequence=2
log 1
---
#3 ok offset=0
1: duplicate_recognised base_offset=0 base_sequence=0 producer_id=7
#4 ok offset=2
1: duplicate_recognised base_offset=2 base_sequence=2 producer_id=7
0..2 epoch=0 producer=7/0 sequence=0 a b
2..3 epoch=0 producer=7/0 sequence=2 c
