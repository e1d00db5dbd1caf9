# A broker that is told to stop asks first, and goes only when its leaderships have moved and everybody else has read of it.
# Otherwise clients would be sent to a leader that is gone, until its session ends.

cluster brokers=3
topic min.insync.replicas=2
hold from=controller to=3 api=fetch
watch partition_changed leader_started
shut-down 1
---
controller: partition_changed elr=[] isr=[2,3] leader=2 leader_epoch=1 partition_epoch=1 unclean=false
2: leader_started leader_epoch=1 start_offset=0

# Broker 3 has not read of it. Broker 1 goes on answering.
run 20s
produce a to=1
---
#1 NOT_LEADER_OR_FOLLOWER

release from=controller to=3 api=fetch
run 3s
---
1: halted: shutdown
