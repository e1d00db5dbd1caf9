# By default nobody flushes a log that does not roll: Kafka leaves that to the operating system, and promises acks=all by
# copies. A broker that flushed on its own would hide what such a setup loses when the power fails.

cluster brokers=1
topic
watch flush_started
produce a
run 3600s
status
---
#1 ok offset=0
controller: leader=1 epoch=0 partition_epoch=0 isr=[1]
1: leader epoch=0 log=0..1 high_watermark=1 flushed=0 isr=[1]

lose-power 1
boot 1
run 12s
log 1
---
ok
