# It is the leader epoch that makes a history, not who leads (KAFKA-7164): a leader that lost its unflushed records and is
# elected again is another leader. A follower that went on as before, because the leader's id is the same, would differ.

cluster brokers=2
topic unclean.leader.election.enable=true
produce a b
---
#1 ok offset=0

# Broker 2 hears nothing while broker 1 loses power, comes back with an empty log, leads again, and writes more than broker 2
# has: offsets alone tell nothing.
cut 2 controller
cut 2 1
run 10s
lose-power 1
boot 1
run 12s
produce c acks=1
produce d acks=1
produce e acks=1
partition
---
#2 ok offset=0
#3 ok offset=1
#4 ok offset=2
leader=1 epoch=2 partition_epoch=4 isr=[1]

watch follower_started log_truncated records_replicated
join 2 1
join 2 controller
run 40s
log 1
log 2
---
2: follower_started leader=1 leader_epoch=2
2: log_truncated from=2 to=0
2: records_replicated base_offset=0 end_offset=1 leader_epoch=2
2: records_replicated base_offset=1 end_offset=2 leader_epoch=2
2: records_replicated base_offset=2 end_offset=3 leader_epoch=2
0..1 epoch=2 c
1..2 epoch=2 d
2..3 epoch=2 e
0..1 epoch=2 c
1..2 epoch=2 d
2..3 epoch=2 e
