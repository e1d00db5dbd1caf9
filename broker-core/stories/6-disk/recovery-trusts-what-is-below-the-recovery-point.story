# Below the recovery point recovery reads no checksums, but for what producer state is replayed from: a start would take hours
# for a large log. What is bad there is found when it is read, and then it is not a torn end but damage.

cluster brokers=1
topic flush.messages=1 segment.bytes=100
run 30s
produce a
produce b
run 60s
cat 1 recovery-point-offset-checkpoint
---
#1 ok offset=0
#2 ok offset=1
0
1
orders 0 2
crc32c b1207674

# It is a that is bad.
produce c
kill 1
damage 1 orders-0/00000000000000000000.log 67
watch recovery_started recovery_finished log_damaged
boot 1
---
#3 ok offset=2
1: recovery_started recovery_point=2
1: recovery_finished cut_bytes=0 end_offset=3

run 12s
fetch offset=0
---
1: log_damaged offset=0
1: halted: read orders-0 at offset 0: checksum d445c798 instead of c7e75fef: invalid data
#4 disconnected
