# A batch that is out of order (45) while an earlier one is unresolved is retried behind that one, under the same numbers: the
# earlier one closes the gap. An epoch raised here would let the earlier one, should it arrive late, be written twice.

cluster brokers=1
topic
producer batch.size=1
send a
run 1s
watch batch_sent batch_attempt_failed producer_id_assigned
hold from=producer to=1 api=produce
send b c d
lose from=producer to=1 api=produce n=1
---
producer: "a" ok offset=0
producer: batch_sent attempt=1 base_sequence=1 records=1 to=1
producer: batch_sent attempt=1 base_sequence=2 records=1 to=1
producer: batch_sent attempt=1 base_sequence=3 records=1 to=1
producer: batch_attempt_failed base_sequence=1 error=Disconnected

# b is lost; c and d, sent before that was known, arrive without it.
release from=producer to=1 api=produce
run 2s
log 1
---
producer: batch_attempt_failed base_sequence=2 error={"Code":"OUT_OF_ORDER_SEQUENCE_NUMBER"}
producer: batch_attempt_failed base_sequence=3 error={"Code":"OUT_OF_ORDER_SEQUENCE_NUMBER"}
producer: batch_sent attempt=2 base_sequence=1 records=1 to=1
producer: "b" ok offset=1
producer: batch_sent attempt=2 base_sequence=2 records=1 to=1
producer: "c" ok offset=2
producer: batch_sent attempt=2 base_sequence=3 records=1 to=1
producer: "d" ok offset=3
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=0 producer=0/0 sequence=1 b
2..3 epoch=0 producer=0/0 sequence=2 c
3..4 epoch=0 producer=0/0 sequence=3 d
