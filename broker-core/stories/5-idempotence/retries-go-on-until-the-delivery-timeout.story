# A batch that can be retried is, until delivery.timeout.ms after it was created: then its send ends, with the errors of all
# attempts. A producer that gave up earlier would fail where Kafka's goes on; one that did not stop would never tell.

# Nobody can append: the ISR is too small.
cluster brokers=2
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
alter-partition isr=1
producer retry.backoff.ms=500 request.timeout.ms=1000 delivery.timeout.ms=3000
run 1s
---
#1 isr=[1] partition_epoch=1

watch batch_sent
send a
run 2999ms
---
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1
producer: batch_sent attempt=2 base_sequence=0 records=1 to=1
producer: batch_sent attempt=3 base_sequence=0 records=1 to=1
producer: batch_sent attempt=4 base_sequence=0 records=1 to=1

run 1ms
---
producer: "a" fail [Code(NOT_ENOUGH_REPLICAS(19)), Code(NOT_ENOUGH_REPLICAS(19)), Code(NOT_ENOUGH_REPLICAS(19)), Code(NOT_ENOUGH_REPLICAS(19)), Expired]

# The same again, but now broker 2 comes back in time.
send b
run 1s
release from=2 to=1 api=fetch
run 2s
log 1
---
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1
producer: batch_sent attempt=2 base_sequence=0 records=1 to=1
producer: batch_sent attempt=3 base_sequence=0 records=1 to=1
producer: "b" ok offset=0
0..1 epoch=0 producer=0/1 sequence=0 b
