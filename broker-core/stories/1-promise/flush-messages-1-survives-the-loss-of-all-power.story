# With flush.messages=1 an acknowledged record is on the disk of every member of the ISR: it is still there after all of them
# have lost power at once.

cluster brokers=3
topic min.insync.replicas=2 flush.messages=1
produce a
---
#1 ok offset=0

lose-power 1 2 3
boot 1 2 3
run 15s
log 1
log 2
log 3
---
0..1 epoch=0 a
0..1 epoch=0 a
0..1 epoch=0 a
