# KAFKA-10471: a start takes the clean-shutdown marker away, durably, before the broker does anything else. After a power loss
# it would be back otherwise, and vouch for logs that were written since.

cluster brokers=1
topic
produce a
shut-down 1
disk 1 hold
watch broker_registered recovery_started
boot 1
disk 1 show
---
#1 ok offset=0
1: halted: shutdown
directory .
replace replication-offset-checkpoint

# Nothing was written, so this start is as clean as the one before.
lose-power 1
cat 1 ".kafka_cleanshutdown"
---
0

boot 1
run 10s
partition
---
leader=-1 epoch=1 partition_epoch=1 isr=[] elr=[1]

disk 1 go
lose-power 1
cat 1 ".kafka_cleanshutdown"
---
controller: broker_registered broker=1 broker_epoch=7 unclean=false
no such file

boot 1
run 12s
---
1: recovery_started recovery_point=1
controller: broker_registered broker=1 broker_epoch=8 unclean=true
