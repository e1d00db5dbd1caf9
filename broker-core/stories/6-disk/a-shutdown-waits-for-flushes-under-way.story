# A log has one flush at a time: a shutdown waits for the one under way before it flushes what came after. Two at once could
# end in any order, and the marker could be there before the records of the first.

cluster brokers=1
topic flush.messages=1
disk 1 hold
produce a acks=1
shut-down 1
disk 1 show
---
#1 is waiting
file orders-0/00000000000000000000.log, directory orders-0, directory .

disk 1 step
disk 1 show
---
#1 ok offset=0
replace orders-0/00000000000000000001.snapshot, replace recovery-point-offset-checkpoint, replace replication-offset-checkpoint, replace log-start-offset-checkpoint, replace .kafka_cleanshutdown

disk 1 step
---
1: halted: shutdown
