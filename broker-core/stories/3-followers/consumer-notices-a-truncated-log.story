# A consumer remembers the leader epoch of what it read last and asks a new leader where that ended (KIP-320). If the log was
# cut below its position it goes back. Without asking it would go on at the same offset and silently miss what is there now.

# Broker 2 is out of the ISR when x is written and read, and leads uncleanly after broker 1 died.
cluster brokers=2
topic unclean.leader.election.enable=true
produce a
cut 2 1
cut 2 controller
run 10s
produce x
consumer
run 1s
---
#1 ok offset=0
#2 ok offset=1
consumer: read 0:a 1:x

watch consumer_truncated
kill 1
cut 2 consumer
join 2 1
join 2 controller
run 40s
produce y z to=2
join 2 consumer
run 40s
---
#3 ok offset=1
consumer: consumer_truncated from=2 to=1
consumer: read 1:y 2:z
