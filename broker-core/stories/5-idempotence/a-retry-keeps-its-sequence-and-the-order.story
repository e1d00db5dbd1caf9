# A batch keeps its sequence across retries, and batches of a topic partition are retried in their order. Under another
# sequence a batch whose answer was lost would be written twice; in another order records would change places.

# a is acknowledged. b is written, but its answer is lost; c is lost on the way, and d with it.
cluster brokers=1
topic
producer batch.size=1
send a
run 1s
watch batch_sent records_appended duplicate_recognised
hold from=producer to=1 api=produce
hold from=1 to=producer api=produce
send b c d
release from=producer to=1 api=produce n=1
---
producer: "a" ok offset=0
producer: batch_sent attempt=1 base_sequence=1 records=1 to=1
producer: batch_sent attempt=1 base_sequence=2 records=1 to=1
producer: batch_sent attempt=1 base_sequence=3 records=1 to=1
1: records_appended base_offset=1 base_sequence=1 end_offset=2 leader_epoch=0 producer_epoch=0 producer_id=0

# Everything the producer waits for breaks off, in no good order. All go again as they were: b is recognised.
lose from=producer to=1 api=produce
lose from=1 to=producer api=produce
run 2s
log 1
---
producer: batch_sent attempt=2 base_sequence=1 records=1 to=1
1: duplicate_recognised base_offset=1 base_sequence=1 producer_id=0
producer: "b" ok offset=1
producer: batch_sent attempt=2 base_sequence=2 records=1 to=1
1: records_appended base_offset=2 base_sequence=2 end_offset=3 leader_epoch=0 producer_epoch=0 producer_id=0
producer: "c" ok offset=2
producer: batch_sent attempt=2 base_sequence=3 records=1 to=1
1: records_appended base_offset=3 base_sequence=3 end_offset=4 leader_epoch=0 producer_epoch=0 producer_id=0
producer: "d" ok offset=3
0..1 epoch=0 producer=0/0 sequence=0 a
1..2 epoch=0 producer=0/0 sequence=1 b
2..3 epoch=0 producer=0/0 sequence=2 c
3..4 epoch=0 producer=0/0 sequence=3 d
