# When the leader goes, the first live member of the ISR leads, in the order of the replicas. Not the next replica, if that is
# not in sync: it would throw away what it lacks.

cluster brokers=4
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
hold from=2 to=3 api=fetch
alter-partition isr="1,3,4"
produce a
---
#1 isr=[1,3,4] partition_epoch=1
#2 is waiting

# Broker 2 lives and lacks the record.
watch broker_fenced partition_changed
kill 1
run 10s
log 2
---
#2 disconnected
controller: broker_fenced broker=1
controller: partition_changed elr=[] isr=[3,4] leader=3 leader_epoch=1 partition_epoch=2 unclean=false
0..1 epoch=0 a
