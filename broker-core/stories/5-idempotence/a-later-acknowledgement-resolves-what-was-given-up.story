# A batch that was given up in flight is known to be in the log once a later one is acknowledged, for the broker takes no
# gaps. The producer then goes on with the next sequence and keeps its epoch; otherwise each timeout would cost an epoch.

cluster brokers=1
topic
producer batch.size=1 request.timeout.ms=2000 delivery.timeout.ms=2000
send a
run 1s
watch batch_sent producer_id_assigned
hold from=producer to=1 api=produce
send b
run 1s
send c
---
producer: "a" ok offset=0
producer: batch_sent attempt=1 base_sequence=1 records=1 to=1
producer: batch_sent attempt=1 base_sequence=2 records=1 to=1

# b arrives and is written; its answer gets lost.
cut producer 1
release from=producer to=1 api=produce n=1
join producer 1
release from=producer to=1 api=produce
---
producer: "c" ok offset=2

run 1s
send d
run 1s
log 1
---
producer: "b" info [TimedOut, Expired]
producer: batch_sent attempt=1 base_sequence=3 records=1 to=1
producer: "d" ok offset=3
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=0 producer=0/0 sequence=1 b
2..3 epoch=0 producer=0/0 sequence=2 c
3..4 epoch=0 producer=0/0 sequence=3 d
