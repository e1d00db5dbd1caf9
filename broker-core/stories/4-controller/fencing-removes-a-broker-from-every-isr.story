# Who is fenced leaves every ISR and leads nothing any more. The first live member of the ISR, in the order of the replicas,
# leads instead. The partition epoch rises with each change, the leader epoch only with the leader.

cluster brokers=3
topic partitions=4 min.insync.replicas=2
metadata from=6
---
6: topic orders, partition 0 leader=1 isr=[1,2,3], partition 1 leader=2 isr=[2,3,1], partition 2 leader=3 isr=[3,1,2], partition 3 leader=1 isr=[1,2,3]

watch broker_fenced partition_changed
kill 1
run 10s
---
controller: broker_fenced broker=1
controller: partition_changed elr=[] isr=[2,3] leader=2 leader_epoch=1 partition_epoch=1 unclean=false
controller: partition_changed elr=[] isr=[2,3] leader=2 leader_epoch=0 partition_epoch=1 topic_partition=orders-1 unclean=false
controller: partition_changed elr=[] isr=[3,2] leader=3 leader_epoch=0 partition_epoch=1 topic_partition=orders-2 unclean=false
controller: partition_changed elr=[] isr=[2,3] leader=2 leader_epoch=1 partition_epoch=1 topic_partition=orders-3 unclean=false

# Once more: the last partition has had another leader before, and the order is the same.
kill 2
run 10s
---
controller: broker_fenced broker=2
controller: partition_changed elr=[2] isr=[3] leader=3 leader_epoch=2 partition_epoch=2 unclean=false
controller: partition_changed elr=[2] isr=[3] leader=3 leader_epoch=1 partition_epoch=2 topic_partition=orders-1 unclean=false
controller: partition_changed elr=[2] isr=[3] leader=3 leader_epoch=0 partition_epoch=2 topic_partition=orders-2 unclean=false
controller: partition_changed elr=[2] isr=[3] leader=3 leader_epoch=2 partition_epoch=2 topic_partition=orders-3 unclean=false
