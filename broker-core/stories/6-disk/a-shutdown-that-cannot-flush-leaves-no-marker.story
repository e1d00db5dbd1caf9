# If the last flush of a shutdown fails there is no marker: nobody knows what of the logs is on the disk. The next start is an
# unclean one.

cluster brokers=1
topic
produce a
disk 1 hold
shut-down 1
disk 1 fail
cat 1 ".kafka_cleanshutdown"
---
#1 ok offset=0
1: halted: sync orders-0/00000000000000000000.log: other error
no such file

disk 1 go
watch recovery_started broker_registered
boot 1
run 12s
---
1: recovery_started recovery_point=0
controller: broker_registered broker=1 broker_epoch=7 unclean=true
