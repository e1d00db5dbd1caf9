# The high watermark in an answer that tells a follower to cut its log is not about that log (KAFKA-14704): what is left may
# still differ. Taking it would have the follower believe that x, which is about to go, was committed.

# Each broker leads alone in turn, uncleanly. Both have a. Broker 1 has x, of epoch 0, and z, of an epoch after 1; broker 2
# has y and yy, of epoch 1, and leads at last.
cluster brokers=2
topic unclean.leader.election.enable=true
produce a
run 6s
cut 1 2
produce x acks=1
kill 1
run 10s
join 1 2
produce y to=2
produce yy to=2
kill 2
run 8s
boot 1
run 4s
produce z acks=1
kill 1
boot 2
run 10s
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=1
#4 ok offset=2
#5 ok offset=2

watch log_truncated high_watermark_moved
boot 1
run 10s
---
1: log_truncated from=3 to=2
1: log_truncated from=2 to=1
1: high_watermark_moved high_watermark=3 leader=false
