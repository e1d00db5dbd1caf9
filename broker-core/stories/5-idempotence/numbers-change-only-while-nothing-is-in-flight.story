# Batches are numbered anew only while none of their topic partition is in flight. One that is answered later under its old
# numbers would leave a gap in the new ones, or be refused for its old epoch. Stricter than Kafka, which does it at once.

# a is on the disk. b was acknowledged from memory, and is lost with the power.
cluster brokers=1
topic
producer batch.size=1
send a
run 1s
shut-down 1
boot 1
run 12s
send b
run 1s
lose-power 1
boot 1
run 12s
---
producer: "a" ok offset=0
1: halted: shutdown
producer: "b" ok offset=1

# c is out of order while d is still in flight under the old numbers.
watch batch_sent batch_attempt_failed producer_id_assigned
hold from=producer to=1 api=produce
send c d
release from=producer to=1 api=produce n=1
run 2s
---
producer: batch_sent attempt=1 base_sequence=2 records=1 to=1
producer: batch_sent attempt=1 base_sequence=3 records=1 to=1
producer: batch_attempt_failed base_sequence=2 error={"Code":"OUT_OF_ORDER_SEQUENCE_NUMBER"}

release from=producer to=1 api=produce
run 2s
log 1
---
producer: batch_attempt_failed base_sequence=3 error={"Code":"OUT_OF_ORDER_SEQUENCE_NUMBER"}
producer: producer_id_assigned producer_epoch=1 producer_id=0
producer: batch_sent attempt=2 base_sequence=0 records=1 to=1
producer: "c" ok offset=1
producer: batch_sent attempt=2 base_sequence=1 records=1 to=1
producer: "d" ok offset=2
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=4 producer=0/1 sequence=0 c
2..3 epoch=4 producer=0/1 sequence=1 d
