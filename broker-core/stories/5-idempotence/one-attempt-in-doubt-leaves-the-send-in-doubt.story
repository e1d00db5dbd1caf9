# One attempt that may have appended is enough: the send is in doubt, whatever the other attempts were told. Here the second
# one arrives after the send has ended: had that been called a failure, a record would appear that never may.

cluster brokers=2
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
alter-partition isr=1
producer retries=1 request.timeout.ms=1000
send a
hold from=producer to=1 api=produce
run 3s
---
#1 isr=[1] partition_epoch=1
producer: "a" info [Code(NOT_ENOUGH_REPLICAS(19)), TimedOut]

# Broker 2 is in the ISR again when the second attempt arrives.
release from=2 to=1 api=fetch
run 1s
release from=producer to=1 api=produce
log 1
---
0..1 epoch=0 producer=0/0 sequence=0 a
