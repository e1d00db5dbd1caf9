# A clean shutdown flushes every log, then writes all checkpoints, and last the marker, which says that nothing need be
# checked at the next start. A marker that was there before the records would turn their loss into a clean start.

cluster brokers=1
topic
produce a
disk 1 hold
shut-down 1
disk 1 show
---
#1 ok offset=0
file orders-0/00000000000000000000.log, directory orders-0, directory ., replace orders-0/00000000000000000001.snapshot, replace recovery-point-offset-checkpoint, replace replication-offset-checkpoint, replace log-start-offset-checkpoint, replace .kafka_cleanshutdown

# Everything is durable but the marker when the power fails: nothing is lost, and the start is unclean all the same.
disk 1 part 7
lose-power 1
disk 1 go
watch recovery_started broker_registered
boot 1
run 12s
log 1
---
1: recovery_started recovery_point=1
controller: broker_registered broker=1 broker_epoch=7 unclean=true
0..1 epoch=0 a

shut-down 1
cat 1 ".kafka_cleanshutdown"
---
1: halted: shutdown
7

boot 1
---
controller: broker_registered broker=1 broker_epoch=14 unclean=false
