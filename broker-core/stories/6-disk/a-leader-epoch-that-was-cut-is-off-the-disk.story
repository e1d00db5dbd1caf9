# When a follower cuts its log, the leader epochs it cut leave their checkpoint too, at once and durably (since KAFKA-16541 in
# the background in Kafka). After a power loss it would otherwise name epochs whose records were never committed.

# Broker 2 leads epoch 1 and writes b, which broker 1 never gets; broker 1 leads epoch 2.
cluster brokers=2
topic
produce a
shut-down 1
run 3s
boot 1
run 12s
cut 2 1
cut 2 controller
produce b to=2 acks=1
run 10s
produce c
cat 2 orders-0/leader-epoch-checkpoint
---
#1 ok offset=0
1: halted: shutdown
#2 ok offset=1
#3 ok offset=1
0
2
0 0
1 1
crc32c ac65cf73

# Requests from before the cut time out.
watch log_truncated records_replicated
run 25s
join 2 1
join 2 controller
disk 2 hold
run 30s
disk 2 show
---
2: log_truncated from=2 to=1
replace replication-offset-checkpoint
replace orders-0/leader-epoch-checkpoint
file orders-0/00000000000000000000.log, directory orders-0, directory ., replace recovery-point-offset-checkpoint, replace log-start-offset-checkpoint

# Only the checkpoints are done before the power fails.
disk 2 step
disk 2 step
lose-power 2
cat 2 orders-0/leader-epoch-checkpoint
---
0
1
0 0
crc32c 7051871e
