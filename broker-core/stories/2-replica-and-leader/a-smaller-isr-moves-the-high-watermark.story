# When the controller takes a member out of the ISR the leader looks at the high watermark again: it may have waited only for
# that member. Otherwise the produces that wait would wait for somebody who is gone.

cluster brokers=3
topic min.insync.replicas=2
hold from=3 to=1 api=fetch
produce a
---
#1 is waiting

# Broker 2 has the record and said so; nothing but the change itself can move the high watermark now.
hold from=2 to=1 api=fetch
watch isr_shrunk high_watermark_moved
kill 3
run 10s
---
1: isr_shrunk isr=[1,2] partition_epoch=1
1: high_watermark_moved high_watermark=1 leader=true
#1 ok offset=0
