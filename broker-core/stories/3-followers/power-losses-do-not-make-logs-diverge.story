# The second example of KIP-101. Two brokers lose power, and the one that comes back first had flushed less: its leader epoch
# fills the same offsets with other records. High watermarks cannot tell them apart, leader epochs can.

cluster brokers=2 log.flush.scheduler.interval.ms=1000
topic unclean.leader.election.enable=true
produce a
run 35s
disk 2 hold
produce b
run 3s
lose-power 1 2
disk 2 go
---
#1 ok offset=0
#2 ok offset=1

# Broker 1 has flushed b, broker 2 has not.
boot 2
run 12s
produce c to=2
log 2
---
#3 ok offset=1
0..1 epoch=0 a
1..2 epoch=3 c

watch log_truncated
boot 1
run 10s
log 1
---
1: log_truncated from=2 to=1
0..1 epoch=0 a
1..2 epoch=3 c
