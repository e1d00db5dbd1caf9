# The note stays on the disk until what was missing is durable. A power loss in between takes what replication has brought back;
# without the note the log would pass for whole.

cluster brokers=3
topic min.insync.replicas=2
produce a
produce b
shut-down 1
run 5s
tear 1 orders-0/00000000000000000000.log 1
watch log_damaged repair_started replica_repaired damage_note_removed
boot 1
disk 1 hold
run 5s
---
#1 ok offset=0
#2 ok offset=1
1: halted: shutdown
1: log_damaged offset=1
1: repair_started
1: replica_repaired end_offset=2

lose-power 1
files 1
---
00000000000000000000.log 69
damaged 20
leader-epoch-checkpoint 24

disk 1 go
boot 1
run 12s
---
1: repair_started
1: replica_repaired end_offset=2
1: damage_note_removed
