# With eligible leader replicas the loss of power of a single broker loses nothing (KIP-966): the controller sees that the last
# member of the ISR did not shut down in good order, and waits for another one that has everything.

cluster brokers=3
topic min.insync.replicas=2
produce a
cut 2 "*"
run 10s
cut 3 "*"
run 10s
partition
---
#1 ok offset=0
leader=1 epoch=0 partition_epoch=2 isr=[1] elr=[3]

lose-power 1
boot 1
run 10s
partition
---
leader=-1 epoch=1 partition_epoch=4 isr=[] elr=[3]

join 2 "*"
join 3 "*"
run 35s
partition
log 1
log 3
---
leader=3 epoch=2 partition_epoch=7 isr=[1,2,3]
0..1 epoch=0 a
0..1 epoch=0 a
