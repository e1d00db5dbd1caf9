# A producer has at most five requests in flight to a broker. More than the five batches that a broker remembers could not be
# told apart when they are retried.

cluster brokers=1
topic partitions=6
producer
run 1s
watch batch_sent
hold from=producer to=1 api=produce
send a on=orders-0
send b on=orders-1
send c on=orders-2
send d on=orders-3
send e on=orders-4
send f on=orders-5
---
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1 topic_partition=orders-1
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1 topic_partition=orders-2
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1 topic_partition=orders-3
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1 topic_partition=orders-4

# One answer makes room for one request.
release from=producer to=1 api=produce n=1
---
producer: "a" ok offset=0
producer: batch_sent attempt=1 base_sequence=0 records=1 to=1 topic_partition=orders-5
