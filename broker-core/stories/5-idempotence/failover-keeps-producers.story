# Followers keep track of producers as they replicate, so that the next leader knows what the last one accepted. Otherwise a
# retry after a failover would be appended a second time, or a gap would be taken.

cluster brokers=2
topic
produce a producer=7/0 sequence=0
produce b producer=7/0 sequence=1
kill 1
run 10s
---
#1 ok offset=0
#2 ok offset=1

watch records_appended duplicate_recognised
produce b producer=7/0 sequence=1 to=2
produce d producer=7/0 sequence=3 to=2
produce c producer=7/0 sequence=2 to=2
---
#3 ok offset=1
2: duplicate_recognised base_offset=1 base_sequence=1 producer_id=7
#4 OUT_OF_ORDER_SEQUENCE_NUMBER
#5 ok offset=2
2: records_appended base_offset=2 base_sequence=2 end_offset=3 leader_epoch=1 producer_epoch=0 producer_id=7
