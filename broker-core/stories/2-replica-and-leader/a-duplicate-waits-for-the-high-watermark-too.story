# A retry of a batch that is in the log appends nothing and is answered with the first append's offset, but not before the
# high watermark has passed it: the first attempt may not be replicated yet.

cluster brokers=2
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
produce x acks=1
produce a b producer=7/0 sequence=0
produce y acks=1
---
#1 ok offset=0
#2 is waiting
#3 ok offset=3

watch duplicate_recognised records_appended
produce a b producer=7/0 sequence=0
status
---
#4 is waiting
1: duplicate_recognised base_offset=1 base_sequence=0 producer_id=7
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2]
1: leader epoch=0 log=0..4 high_watermark=0 flushed=0 isr=[1,2]
2: follower epoch=0 log=0..1 high_watermark=0 flushed=0

release from=2 to=1 api=fetch
produce a b producer=7/0 sequence=0
---
#2 ok offset=1
#4 ok offset=1
#5 ok offset=1
1: duplicate_recognised base_offset=1 base_sequence=0 producer_id=7
