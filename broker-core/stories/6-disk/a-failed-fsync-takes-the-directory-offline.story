# An fsync that failed is not tried again: the kernel has marked the pages clean, so the next one would succeed and say nothing.
# The log directory goes offline, here the broker's only one, and the broker halts; others lead after its session.

cluster brokers=3
topic min.insync.replicas=2
produce a
watch storage_failed broker_registered
---
#1 ok offset=0

# The next one is that of a checkpoint.
disk 1 fail
run 5s
partition
---
1: storage_failed operation=sync path=replication-offset-checkpoint
1: halted: sync replication-offset-checkpoint: other error
leader=1 epoch=0 partition_epoch=0 isr=[1,2,3]

run 10s
partition
---
leader=2 epoch=1 partition_epoch=1 isr=[2,3]

# Nothing shows that it stopped in good order.
boot 1
run 12s
partition
---
controller: broker_registered broker=1 broker_epoch=10 unclean=true
leader=2 epoch=1 partition_epoch=2 isr=[1,2,3]
