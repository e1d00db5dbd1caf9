# With log.flush.interval.ms alone a log is flushed once, 30 s after the start, and then never again: it says how old an
# unflushed record may become, but only the scheduler looks, and without log.flush.scheduler.interval.ms it looks once. Who
# sets only the first believes in flushes that never come.

cluster brokers=1 log.flush.interval.ms=1000
topic
watch flush_finished
---
ok

produce a
run 27s
---
#1 ok offset=0

# 30 s after the start.
run 1s
---
1: flush_finished recovery_point=1

produce b
run 3600s
status
---
#2 ok offset=1
controller: leader=1 epoch=0 partition_epoch=0 isr=[1]
1: leader epoch=0 log=0..2 high_watermark=2 flushed=1 isr=[1]
