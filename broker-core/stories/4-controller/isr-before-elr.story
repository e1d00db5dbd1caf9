# As long as a member of the ISR lives, the leader comes from there, even if an eligible leader replica comes first in the
# order of the replicas. Electing that one would throw the ISR away for nothing.

cluster brokers=3
topic min.insync.replicas=3
shut-down 1
run 5s
hold from=1 to=2 api=fetch
hold from=1 to=3 api=fetch
boot 1
run 5s
partition
---
1: halted: shutdown
leader=2 epoch=1 partition_epoch=1 isr=[2,3] elr=[1]

# Broker 1 is alive and eligible.
watch partition_changed
kill 2
run 10s
---
controller: partition_changed elr=[1,2] isr=[3] leader=3 leader_epoch=2 partition_epoch=2 unclean=false

# Now nobody is in sync.
kill 3
run 10s
---
controller: partition_changed elr=[2,3] isr=[1] leader=1 leader_epoch=3 partition_epoch=3 unclean=false
