# One attempt that may have appended is enough: the send is in doubt, whatever the others were told. Here the first was written
# and the rest were refused; had the last answer been taken for the whole truth, a record would appear that never may.

cluster brokers=2
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
producer retries=2 request.timeout.ms=1000
send a
run 1s
alter-partition isr=1
run 3s
---
#1 isr=[1] partition_epoch=1
producer: "a" info [TimedOut, Code(NOT_ENOUGH_REPLICAS(19)), Code(NOT_ENOUGH_REPLICAS(19))]

# Broker 2 is back, and the record is committed.
release from=2 to=1 api=fetch
run 1s
fetch offset=0
---
#2 high_watermark=1 [0..1 epoch=0 producer=0/0 sequence=0 a]
