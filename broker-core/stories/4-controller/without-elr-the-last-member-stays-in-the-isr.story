# Without eligible leader replicas the last member never leaves the ISR, not even when it is fenced: who else would be known
# to have everything? Nobody leads then, until just that broker is back.

cluster brokers=2 eligible.leader.replicas.enable=false
topic
kill 2
run 10s
partition
---
leader=1 epoch=0 partition_epoch=1 isr=[1]

watch partition_changed
kill 1
run 10s
partition
---
controller: partition_changed elr=[] isr=[1] leader=-1 leader_epoch=1 partition_epoch=2 unclean=false
leader=-1 epoch=1 partition_epoch=2 isr=[1]

boot 2
run 5s
---
ok

boot 1
run 5s
---
controller: partition_changed elr=[] isr=[1] leader=1 leader_epoch=2 partition_epoch=3 unclean=false
controller: partition_changed elr=[] isr=[1,2] leader=1 leader_epoch=2 partition_epoch=4 unclean=false
