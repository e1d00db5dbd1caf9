# KAFKA-16541: the leader epoch checkpoint is replaced, durably, as soon as an epoch is assigned, and before the batches of that
# epoch are flushed. Records whose epoch nobody knows would be truncated at the wrong place.

cluster brokers=1
disk 1 hold
topic flush.messages=1
disk 1 show
---
replace orders-0/leader-epoch-checkpoint

produce a acks=1
disk 1 show
---
#1 is waiting
replace orders-0/leader-epoch-checkpoint
file orders-0/00000000000000000000.log, directory orders-0, directory .

# Another epoch, without any record.
disk 1 go
kill 1
boot 1
run 12s
lose-power 1
cat 1 orders-0/leader-epoch-checkpoint
---
#1 ok offset=0
0
2
0 0
2 1
crc32c ce47464a
