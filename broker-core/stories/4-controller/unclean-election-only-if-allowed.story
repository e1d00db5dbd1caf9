# A replica from outside ISR and ELR leads only if unclean.leader.election.enable says so (KIP-106): it loses what it does
# not have. By default a partition rather has no leader.

cluster brokers=2
topic carts min.insync.replicas=2 unclean.leader.election.enable=true
topic orders min.insync.replicas=2
hold from=2 to=1 api=fetch
alter-partition on=carts-0 isr=1
alter-partition on=orders-0 isr=1
lose-power 2
boot 2
run 10s
partition on=carts-0
partition on=orders-0
---
#1 isr=[1] partition_epoch=1
#2 isr=[1] partition_epoch=1
leader=1 epoch=0 partition_epoch=2 isr=[1]
leader=1 epoch=0 partition_epoch=2 isr=[1]

watch partition_changed
kill 1
run 10s
---
controller: partition_changed elr=[] isr=[2] leader=2 leader_epoch=1 partition_epoch=3 topic_partition=carts-0 unclean=true
controller: partition_changed elr=[1] isr=[] leader=-1 leader_epoch=1 partition_epoch=3 unclean=false
