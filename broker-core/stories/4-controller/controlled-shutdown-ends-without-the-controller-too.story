# A broker that is told to stop and hears nothing from the controller stops in the end, in good order: it flushes its logs and
# leaves its marker. Otherwise a lost controller would make every stop a crash.

cluster brokers=2
topic min.insync.replicas=2
produce a
cut 1 controller
shut-down 1
run 89s
---
#1 ok offset=0

# Meanwhile broker 2 leads; broker 1 has been fenced and is eligible.
run 1s
partition
---
1: halted: shutdown
leader=2 epoch=1 partition_epoch=1 isr=[2] elr=[1]

watch broker_registered partition_changed
join 1 controller
boot 1
run 3s
---
controller: broker_registered broker=1 broker_epoch=8 unclean=false
controller: partition_changed elr=[] isr=[1,2] leader=2 leader_epoch=1 partition_epoch=2 unclean=false
