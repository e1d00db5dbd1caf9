# A leader epoch may have begun at the very end of a log and never written anything. If the next leader does not know it,
# there is nothing to cut but the epoch, and it must go (KAFKA-10706): otherwise the follower asks the same again forever.

# Broker 2 leads epoch 1 and writes nothing.
cluster brokers=2
topic
produce a
shut-down 1
run 3s
boot 1
run 12s
epochs 2
---
#1 ok offset=0
1: halted: shutdown
0 from 0
1 from 1

# It dies; broker 1 leads epoch 2 and has never heard of epoch 1.
watch log_truncated records_replicated
kill 2
run 10s
boot 2
epochs 1
epochs 2
---
2: log_truncated from=1 to=1
0 from 0
2 from 1
0 from 0

produce b
epochs 2
---
#2 ok offset=1
2: records_replicated base_offset=1 end_offset=2 leader_epoch=2
0 from 0
2 from 1
