# The last known leader may lead only while the ELR is empty. As long as somebody is eligible, partitions wait for them
# rather than trust a disk that may have lost something.

cluster brokers=3
topic min.insync.replicas=2
produce a
cut 2 "*"
run 10s
cut 3 "*"
run 10s
lose-power 1
run 10s
partition
---
#1 ok offset=0
leader=-1 epoch=1 partition_epoch=3 isr=[] elr=[1,3]

# Broker 1 led last, is back, and waits, although nobody else is there.
boot 1
run 30s
partition
log 1
---
leader=-1 epoch=1 partition_epoch=4 isr=[] elr=[3]

watch partition_changed
join 3 "*"
run 20s
log 1
---
controller: partition_changed elr=[] isr=[3] leader=3 leader_epoch=2 partition_epoch=5 unclean=false
controller: partition_changed elr=[] isr=[1,3] leader=3 leader_epoch=2 partition_epoch=6 unclean=false
0..1 epoch=0 a
