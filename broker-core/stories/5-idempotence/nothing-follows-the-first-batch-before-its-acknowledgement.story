# Nothing follows the first batch of a topic partition before that one is acknowledged. A broker that does not know the
# producer takes any sequence, so a second batch could overtake a first that is lost, and stand before it. Stricter than
# Kafka, whose producer sends five at once here.

cluster brokers=1
topic
producer batch.size=1
run 1s
watch batch_sent batch_attempt_failed producer_id_assigned
hold from=producer to=1 api=produce
send a b c
---
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1

# a is lost and goes again, alone.
lose from=producer to=1 api=produce n=1
run 1s
held
---
producer: batch_attempt_failed base_sequence=0 error=Disconnected
producer: batch_sent attempt=2 base_sequence=0 records=1 to=1
producer->1 Produce request

release from=producer to=1 api=produce
log 1
---
producer: "a" ok offset=0
producer: batch_sent attempt=1 base_sequence=1 records=1 to=1
producer: batch_sent attempt=1 base_sequence=2 records=1 to=1
producer: "b" ok offset=1
producer: "c" ok offset=2
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=0 producer=0/0 sequence=1 b
2..3 epoch=0 producer=0/0 sequence=2 c
