# If the last member of the ISR is damaged there is nobody to repair it: the topic partition stays unavailable, because records
# that were acknowledged are better late than lost. In Kafka it leads with what is left.

cluster brokers=2
topic
produce a
kill 2
run 15s
produce b
partition
---
#1 ok offset=0
#2 ok offset=1
leader=1 epoch=0 partition_epoch=1 isr=[1]

damage 1 orders-0/00000000000000000000.log "-2"
watch leadership_refused
fetch offset=0
---
1: halted: read orders-0 at offset 1: checksum 75f6029e instead of 66549ae9: invalid data
#3 disconnected

boot 1
boot 2
run 15s
status
---
1: leadership_refused leader_epoch=2
controller: leader=1 epoch=2 partition_epoch=4 isr=[1]
1: follower epoch=2 log=0..1 high_watermark=1 flushed=1
2: follower epoch=2 log=0..1 high_watermark=0 flushed=0

produce c
---
#4 KAFKA_STORAGE_ERROR
