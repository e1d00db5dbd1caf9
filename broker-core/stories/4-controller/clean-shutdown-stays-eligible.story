# Who shut down in good order has everything on its disk, and stays eligible. Otherwise stopping a whole cluster, one broker
# after the other, would end with an unclean election.

cluster brokers=3
topic min.insync.replicas=2
produce a
shut-down 3
run 3s
shut-down 2
run 3s
shut-down 1
run 3s
partition
---
#1 ok offset=0
3: halted: shutdown
2: halted: shutdown
1: halted: shutdown
leader=-1 epoch=1 partition_epoch=3 isr=[] elr=[1,2]

# Broker 2 is not the last leader, and leads.
watch broker_registered partition_changed
boot 2
run 3s
log 2
---
controller: broker_registered broker=2 broker_epoch=17 unclean=false
controller: partition_changed elr=[1] isr=[2] leader=2 leader_epoch=2 partition_epoch=4 unclean=false
0..1 epoch=0 a
