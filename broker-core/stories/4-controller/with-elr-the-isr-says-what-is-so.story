# With eligible leader replicas (KIP-966) the ISR may become empty: the ELR remembers who has everything, so the last member
# need not stay in the ISR for that. Otherwise it alone could ever lead again, whatever its disk went through.

cluster brokers=3
topic min.insync.replicas=2
watch partition_changed
cut 3 controller
run 10s
cut 2 controller
run 10s
cut 1 controller
run 10s
---
controller: partition_changed elr=[] isr=[1,2] leader=1 leader_epoch=0 partition_epoch=1 unclean=false
controller: partition_changed elr=[2] isr=[1] leader=1 leader_epoch=0 partition_epoch=2 unclean=false
controller: partition_changed elr=[1,2] isr=[] leader=-1 leader_epoch=1 partition_epoch=3 unclean=false

# The first of them that is heard of leads. It is the whole ISR; the other stays eligible.
hold from="*" to=2 api=fetch
join 2 controller
run 40s
---
controller: partition_changed elr=[1] isr=[2] leader=2 leader_epoch=2 partition_epoch=4 unclean=false
