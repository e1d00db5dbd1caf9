# When ISR and ELR are empty nobody is known to have everything. Of all replicas the last leader is the best guess, and only
# it may lead then: an unclean election, and better than one of any live replica (KIP-966).

cluster brokers=3
topic min.insync.replicas=2
produce a
lose-power 1 2 3
run 20s
partition
---
#1 ok offset=0
leader=-1 epoch=3 partition_epoch=3 isr=[] elr=[2,3]

# Broker 3 led last. As each of them comes back unclean, it leaves the ELR.
watch partition_changed
boot 2
run 3s
boot 1
run 3s
---
controller: partition_changed elr=[3] isr=[] leader=-1 leader_epoch=3 partition_epoch=4 unclean=false

boot 3
run 1s
---
controller: partition_changed elr=[] isr=[] leader=-1 leader_epoch=3 partition_epoch=5 unclean=false
controller: partition_changed elr=[] isr=[3] leader=3 leader_epoch=4 partition_epoch=6 unclean=true
controller: partition_changed elr=[] isr=[2,3] leader=3 leader_epoch=4 partition_epoch=7 unclean=false
controller: partition_changed elr=[] isr=[1,2,3] leader=3 leader_epoch=4 partition_epoch=8 unclean=false
