# A write that fails, here because the disk is full, takes the directory offline like an fsync. What was written of the batch
# counts for nothing, and nobody is answered.

cluster brokers=3
topic min.insync.replicas=2
produce a
disk 1 full 100
produce b
---
#1 ok offset=0
1: halted: append orders-0/00000000000000000000.log: no storage space
#2 disconnected

files 1
---
00000000000000000000.log 69
leader-epoch-checkpoint 24

watch recovery_finished broker_registered
run 12s
disk 1 room
boot 1
run 12s
produce c to=2
log 1
---
1: recovery_finished cut_bytes=0 end_offset=1
controller: broker_registered broker=1 broker_epoch=10 unclean=true
#3 ok offset=1
0..1 epoch=0 a
1..2 epoch=1 c
