# A batch that was refused was not appended, so its retry is no duplicate: what is known of a producer changes after the
# append and not before (KAFKA-6683). Otherwise the retry would be acknowledged, and the record would be nowhere.

cluster brokers=2
topic min.insync.replicas=2
kill 2
run 10s
produce a producer=7/0 sequence=0
---
#1 NOT_ENOUGH_REPLICAS

boot 2
run 10s
watch records_appended duplicate_recognised
produce a producer=7/0 sequence=0
log 1
---
1: records_appended base_offset=0 base_sequence=0 end_offset=1 leader_epoch=0 producer_epoch=0 producer_id=7
#2 ok offset=0
0..1 epoch=0 producer=7/0 sequence=0 a
