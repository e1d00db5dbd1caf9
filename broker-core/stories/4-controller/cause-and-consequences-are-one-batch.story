# That a broker is fenced, and what follows from it for every partition, is one batch of the metadata log. If it could be cut
# in the middle, a fenced broker would stay in an ISR, and nothing would ever remove it.

cluster brokers=2
topic partitions=2
disk controller hold
cut 2 controller
run 10s
metadata from=5
---
7: fence 2, partition 0 leader=1 isr=[1], partition 1 leader=1 isr=[1]

# The controller dies in the middle of the write: the last byte is not there.
kill controller
tear controller __cluster_metadata-0/00000000000000000000.log 1
disk controller go
boot controller
metadata from=5
partition on=orders-0
partition on=orders-1
---
leader=1 epoch=0 partition_epoch=0 isr=[1,2]
leader=2 epoch=0 partition_epoch=0 isr=[2,1]

# All of it happens again.
watch broker_fenced partition_changed
run 10s
---
controller: broker_fenced broker=2
controller: partition_changed elr=[] isr=[1] leader=1 leader_epoch=0 partition_epoch=1 unclean=false
controller: partition_changed elr=[] isr=[1] leader=1 leader_epoch=1 partition_epoch=1 topic_partition=orders-1 unclean=false
