# Eligible leader replicas survive the loss of power of min.insync.replicas - 1 brokers at a time: with the default of 1 that
# is none. An ISR of one member is large enough to acknowledge, so nobody outside it is known to have everything.

cluster brokers=2
topic
produce a
cut 2 "*"
run 10s
produce b
partition
---
#1 ok offset=0
#2 ok offset=1
leader=1 epoch=0 partition_epoch=1 isr=[1]

lose-power 1
watch partition_changed
run 10s
boot 1
run 1s
produce c
---
controller: partition_changed elr=[1] isr=[] leader=-1 leader_epoch=1 partition_epoch=2 unclean=false
controller: partition_changed elr=[] isr=[] leader=-1 leader_epoch=1 partition_epoch=3 unclean=false
controller: partition_changed elr=[] isr=[1] leader=1 leader_epoch=2 partition_epoch=4 unclean=true
#3 ok offset=0
