# The batches of a topic partition that are unresolved stand within five consecutive ones, whoever leads. Brokers remember five:
# a sixth that a new leader takes would push the first out of its memory, and its retry would be written twice, or refused.
# Stricter than Kafka, which only counts the requests per connection.

cluster brokers=2
topic
producer batch.size=1 metadata.max.age.ms=1000
send a
run 2s
watch batch_sent
hold from=producer to=1 api=produce
send b c d e f g
---
producer: "a" ok offset=0
producer: batch_sent attempt=1 base_sequence=1 records=1 to=1
producer: batch_sent attempt=1 base_sequence=2 records=1 to=1
producer: batch_sent attempt=1 base_sequence=3 records=1 to=1
producer: batch_sent attempt=1 base_sequence=4 records=1 to=1
producer: batch_sent attempt=1 base_sequence=5 records=1 to=1

# Broker 2 leads now, the producer knows, and broker 1 says nothing.
heartbeat 1 leave=true
run 3s
partition
---
#1 unfenced
leader=2 epoch=1 partition_epoch=1 isr=[2]

release from=producer to=1 api=produce
run 2s
log 2
---
producer: batch_sent attempt=2 base_sequence=1 records=1 to=2
producer: "b" ok offset=1
producer: batch_sent attempt=2 base_sequence=2 records=1 to=2
producer: "c" ok offset=2
producer: batch_sent attempt=2 base_sequence=3 records=1 to=2
producer: "d" ok offset=3
producer: batch_sent attempt=2 base_sequence=4 records=1 to=2
producer: "e" ok offset=4
producer: batch_sent attempt=2 base_sequence=5 records=1 to=2
producer: batch_sent attempt=1 base_sequence=6 records=1 to=2
producer: "f" ok offset=5
producer: "g" ok offset=6
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=1 producer=0/0 sequence=1 b
2..3 epoch=1 producer=0/0 sequence=2 c
3..4 epoch=1 producer=0/0 sequence=3 d
4..5 epoch=1 producer=0/0 sequence=4 e
5..6 epoch=1 producer=0/0 sequence=5 f
6..7 epoch=1 producer=0/0 sequence=6 g
