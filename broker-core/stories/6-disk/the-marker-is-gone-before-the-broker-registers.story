# KAFKA-10471: a broker registers only once the clean-shutdown marker is gone durably. A power loss later would bring it back
# otherwise, and it would vouch for logs that were written since.

cluster brokers=1
topic
produce a
shut-down 1
disk 1 hold
watch broker_registered recovery_started
boot 1
run 10s
disk 1 show
---
#1 ok offset=0
1: halted: shutdown
directory .
replace replication-offset-checkpoint

disk 1 go
run 1s
produce b
lose-power 1
cat 1 ".kafka_cleanshutdown"
---
controller: broker_registered broker=1 broker_epoch=7 unclean=false
#2 ok offset=1
no such file

boot 1
run 12s
log 1
---
1: recovery_started recovery_point=1
controller: broker_registered broker=1 broker_epoch=12 unclean=true
0..1 epoch=0 a
