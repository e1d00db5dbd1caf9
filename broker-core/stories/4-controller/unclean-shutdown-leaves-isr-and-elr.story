# Who comes back without having shut down in good order leaves every ISR and ELR with the batch that registers it: what it had
# only in memory may be gone (KIP-966). Otherwise it could be elected, and what it lost would be lost for all.

cluster brokers=3
topic min.insync.replicas=2
cut 3 controller
run 10s
cut 2 controller
run 10s
cut 1 controller
run 10s
partition
---
leader=-1 epoch=1 partition_epoch=3 isr=[] elr=[1,2]

# Broker 2 loses power.
lose-power 2
join 2 controller
boot 2
run 5s
metadata from=14
---
14: register 2 with broker epoch 14, partition 0 leader=-1 isr=[] elr=[1]
16: unfence 2

# Nobody leads, although brokers 2 and 3 live: only broker 1 is known to have everything.
watch partition_changed
hold from="*" to=1 api=fetch
join 3 controller
run 40s
---
ok

join 1 controller
run 40s
---
controller: partition_changed elr=[] isr=[1] leader=1 leader_epoch=2 partition_epoch=5 unclean=false
