# A broker that calls the earliest unresolved batch out of order (45) has lost what came before, and no retry closes the gap:
# the producer raises its epoch and numbers what is unresolved anew from sequence 0 (KIP-360). With the old numbers it would
# be refused until the delivery timeout.

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
log 1
---
producer: "a" ok offset=0
1: halted: shutdown
producer: "b" ok offset=1
0..1 epoch=0 producer=0/0 sequence=0 a

watch batch_sent batch_attempt_failed producer_id_assigned
send c d e
run 2s
log 1
---
producer: batch_sent attempt=1 base_sequence=2 records=1 to=1
producer: batch_sent attempt=1 base_sequence=3 records=1 to=1
producer: batch_sent attempt=1 base_sequence=4 records=1 to=1
producer: batch_attempt_failed base_sequence=2 error={"Code":"OUT_OF_ORDER_SEQUENCE_NUMBER"}
producer: batch_attempt_failed base_sequence=3 error={"Code":"OUT_OF_ORDER_SEQUENCE_NUMBER"}
producer: batch_attempt_failed base_sequence=4 error={"Code":"OUT_OF_ORDER_SEQUENCE_NUMBER"}
producer: producer_id_assigned producer_epoch=1 producer_id=0
producer: batch_sent attempt=2 base_sequence=0 records=1 to=1
producer: "c" ok offset=1
producer: batch_sent attempt=2 base_sequence=1 records=1 to=1
producer: "d" ok offset=2
producer: batch_sent attempt=2 base_sequence=2 records=1 to=1
producer: "e" ok offset=3
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=4 producer=0/1 sequence=0 c
2..3 epoch=4 producer=0/1 sequence=1 d
3..4 epoch=4 producer=0/1 sequence=2 e
