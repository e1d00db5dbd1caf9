# A produce that waits longer than its timeout is answered with REQUEST_TIMED_OUT (7). The record stays in the log and may
# commit later, so this says nothing about its fate.

cluster brokers=2
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
produce a timeout=1000
run 999ms
---
#1 is waiting

run 1ms
---
#1 REQUEST_TIMED_OUT

watch high_watermark_moved
release from=2 to=1 api=fetch
fetch offset=0
---
1: high_watermark_moved high_watermark=1 leader=true
#2 high_watermark=1 [0..1 epoch=0 a]
