# When a flush of the controller fails, it stops at once and answers nobody: nobody knows what of the log is on the disk, and
# a second attempt would succeed without having written anything.

cluster brokers=2
topic
disk controller hold
alter-partition isr=1
heartbeat 2
disk controller fail
---
#1 is waiting
#2 is waiting
controller: halted: sync __cluster_metadata-0/00000000000000000000.log: other error
#1 disconnected
#2 disconnected

# The next process begins with what it finds, and that is the change nobody was told of.
disk controller go
boot controller
partition
heartbeat 2
---
leader=1 epoch=0 partition_epoch=1 isr=[1]
#3 unfenced
