# A marker counts only with the epoch of the last registration. An older one was left by a process before the last, and nobody
# knows how that one ended.

cluster brokers=2
topic min.insync.replicas=2
cut 2 controller
run 10s
partition
---
leader=1 epoch=0 partition_epoch=1 isr=[1] elr=[2]

# Broker 2 had epoch 1.
watch broker_registered partition_changed
register 2 incarnation=7 previous=1
partition
register 2 incarnation=8 previous=1
partition
---
controller: broker_registered broker=2 broker_epoch=8 unclean=false
#1 broker epoch 8
leader=1 epoch=0 partition_epoch=1 isr=[1] elr=[2]
controller: partition_changed elr=[] isr=[1] leader=1 leader_epoch=0 partition_epoch=2 unclean=false
controller: broker_registered broker=2 broker_epoch=9 unclean=true
#2 broker epoch 9
leader=1 epoch=0 partition_epoch=2 isr=[1]
