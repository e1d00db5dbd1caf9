# A producer that wrote nothing for producer.id.expiration.ms is forgotten, on the leader and on followers, or each
# producer that ever was would stay in memory. Its next batch may have any sequence, and its retry is written again.

cluster brokers=2 producer.id.expiration.ms=20000 producer.id.expiration.check.interval.ms=10000
topic
watch producer_id_expired
run 5s
produce a producer=7/0 sequence=0
run 17s
produce a producer=7/0 sequence=0
---
#1 ok offset=0
#2 ok offset=0

run 10s
---
1: producer_id_expired producer_id=7
2: producer_id_expired producer_id=7

produce a producer=7/0 sequence=0
produce b producer=7/0 sequence=1
---
#3 ok offset=1
#4 ok offset=2
