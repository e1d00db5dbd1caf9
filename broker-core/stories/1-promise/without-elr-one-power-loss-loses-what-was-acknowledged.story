# Without eligible leader replicas the loss of power of a single broker loses what was acknowledged: the last member of the ISR
# is still the only one that may lead when it is back, whatever its disk has lost ("last replica standing", KIP-966).

cluster brokers=3 eligible.leader.replicas.enable=false
topic min.insync.replicas=2
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
