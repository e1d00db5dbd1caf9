# KAFKA-3968: the name of a new file is durable only after its directory was synced as well; else a power loss takes the file
# with everything that was flushed into it. A flush that covers a new segment syncs the directory and the one above.

cluster brokers=1
topic flush.messages=1 segment.bytes=150
produce a
disk 1 hold
produce b acks=1
disk 1 show
---
#1 ok offset=0
#2 is waiting
file orders-0/00000000000000000000.log

# No new segment, no directory; with the next record there is one.
disk 1 go
disk 1 hold
produce c acks=1
disk 1 show
---
#2 ok offset=1
#3 is waiting
file orders-0/00000000000000000002.log, file orders-0/00000000000000000002.snapshot, directory orders-0, directory .

# The file is synced, its name is not, and the power fails.
disk 1 part 1
lose-power 1
files 1
---
#3 disconnected
00000000000000000000.log 138
leader-epoch-checkpoint 24
