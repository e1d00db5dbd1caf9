# A start that finds damage touches nothing before its note is on the disk. After a power loss in between there would be a log
# that is shorter than it was, and nothing that says so.

cluster brokers=3
topic min.insync.replicas=2
produce a
produce b
shut-down 1
run 5s
damage 1 orders-0/00000000000000000000.log 16
disk 1 hold
watch log_damaged recovery_finished
boot 1
disk 1 show
files 1
---
#1 ok offset=0
#2 ok offset=1
1: halted: shutdown
1: log_damaged offset=0
directory ., replace orders-0/damaged
replace replication-offset-checkpoint
00000000000000000000.log 138
00000000000000000002.snapshot 14
leader-epoch-checkpoint 24

disk 1 step
files 1
---
1: recovery_finished cut_bytes=138 end_offset=0
00000000000000000000.log 0
damaged 20
leader-epoch-checkpoint 24
