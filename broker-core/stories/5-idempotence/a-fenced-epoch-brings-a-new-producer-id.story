# A batch that is refused for its producer epoch (47) fails: it was not appended. The producer asks for a new producer id. In
# the old epoch everything else would be refused too, and in the next one, which is somebody else's, it could pass for a
# duplicate: acknowledged and never written. Kafka raises the epoch of the same id.

cluster brokers=1
topic
watch producer_id_assigned batch_sent
producer batch.size=1
send a
run 1s
log 1
---
producer: producer_id_assigned producer_epoch=0 producer_id=0
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1
producer: "a" ok offset=0
0..1 epoch=0 producer=0/0 sequence=0 a

# Somebody else has the same id and a newer epoch.
produce x producer=0/1 sequence=0
send b
run 2s
send d
run 1s
log 1
---
#1 ok offset=1
producer: batch_sent attempt=1 base_sequence=1 records=1 to=1
producer: "b" fail [Code(INVALID_PRODUCER_EPOCH(47))]
producer: producer_id_assigned producer_epoch=0 producer_id=1
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1
producer: "d" ok offset=2
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=0 producer=0/1 sequence=0 x
2..3 epoch=0 producer=1/0 sequence=0 d
