# A batch whose delivery timeout ends in flight may still arrive. Nothing new is sent before its attempt has ended; then, since
# nothing behind it was acknowledged, its sequence stays unknown and the epoch rises. The next sequence would be out of order
# if the batch did not arrive, and its own given to another would pass for a duplicate if it did.

cluster brokers=1
topic
producer batch.size=1 request.timeout.ms=1500 delivery.timeout.ms=2000
send a
run 1s
watch batch_sent batch_attempt_failed producer_id_assigned
hold from=producer to=1 api=produce
send b
run 2s
---
producer: "a" ok offset=0
producer: batch_sent attempt=1 base_sequence=1 records=1 to=1
producer: batch_attempt_failed base_sequence=1 error=TimedOut
producer: batch_sent attempt=2 base_sequence=1 records=1 to=1
producer: "b" info [TimedOut, Expired]

# The second attempt of b is still in flight: c waits.
send c
held
---
producer->1 Produce request
producer->1 Produce request

run 1500ms
---
producer: batch_attempt_failed base_sequence=1 error=TimedOut
producer: producer_id_assigned producer_epoch=1 producer_id=0
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1

# b never arrives. c is no gap, and no duplicate of it either.
lose from=producer to=1 api=produce n=2
release from=producer to=1 api=produce
log 1
---
producer: "c" ok offset=1
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=0 producer=0/1 sequence=0 c
