# With a flush of every append the loss of power of the last member of the ISR loses nothing, even without eligible leader
# replicas: what it had acknowledged is on its disk.

cluster brokers=3 eligible.leader.replicas.enable=false
topic min.insync.replicas=2 flush.messages=1
produce a
cut 2 "*"
run 10s
cut 3 "*"
run 10s
partition
---
#1 ok offset=0
leader=1 epoch=0 partition_epoch=2 isr=[1]

lose-power 1
boot 1
run 10s
partition
---
leader=1 epoch=2 partition_epoch=4 isr=[1]

join 2 "*"
join 3 "*"
run 35s
partition
log 1
log 3
---
leader=1 epoch=2 partition_epoch=6 isr=[1,2,3]
0..1 epoch=0 a
0..1 epoch=0 a
