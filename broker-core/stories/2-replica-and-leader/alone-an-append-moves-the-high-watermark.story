# A leader that is alone in the ISR has nobody to wait for: the append itself moves the high watermark. Otherwise acks=all
# would wait for a fetch that never comes.

cluster brokers=1
topic
watch high_watermark_moved
produce a
---
#1 ok offset=0
1: high_watermark_moved high_watermark=1 leader=true
