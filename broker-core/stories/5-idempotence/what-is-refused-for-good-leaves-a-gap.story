# A batch that ends refused leaves a gap in the sequences that nobody will close: the epoch rises, and what is behind it is
# numbered anew. Under the old numbers it would be out of order until its delivery timeout.

cluster brokers=2
topic min.insync.replicas=2
producer batch.size=1 retries=1
send a
run 1s
watch batch_sent batch_attempt_failed producer_id_assigned
hold from=producer to=1 api=produce
send b c
---
producer: "a" ok offset=0
producer: batch_sent attempt=1 base_sequence=1 records=1 to=1
producer: batch_sent attempt=1 base_sequence=2 records=1 to=1

# The ISR is too small when b and c arrive, and again for the only retry of b.
hold from=2 to=1 api=fetch
alter-partition isr=1
release from=producer to=1 api=produce n=2
run 1s
release from=producer to=1 api=produce n=1
---
#1 isr=[1] partition_epoch=1
producer: batch_attempt_failed base_sequence=1 error={"Code":"NOT_ENOUGH_REPLICAS"}
producer: batch_attempt_failed base_sequence=2 error={"Code":"NOT_ENOUGH_REPLICAS"}
producer: batch_sent attempt=2 base_sequence=1 records=1 to=1
producer: batch_attempt_failed base_sequence=1 error={"Code":"NOT_ENOUGH_REPLICAS"}
producer: "b" fail [Code(NOT_ENOUGH_REPLICAS(19)), Code(NOT_ENOUGH_REPLICAS(19))]
producer: producer_id_assigned producer_epoch=1 producer_id=0
producer: batch_sent attempt=2 base_sequence=0 records=1 to=1

release from=2 to=1 api=fetch
run 1s
release from=producer to=1 api=produce
log 1
---
producer: "c" ok offset=1
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=0 producer=0/1 sequence=0 c
