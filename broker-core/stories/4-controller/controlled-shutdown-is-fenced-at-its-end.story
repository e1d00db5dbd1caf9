# When a broker may stop it is fenced at the same moment, so that its successor can register at once. Otherwise each restart
# would have to wait for the end of a session that nobody holds any more.

cluster brokers=2
topic
watch broker_fenced broker_registered broker_unfenced partition_changed
shut-down 1
run 1s
---
controller: partition_changed elr=[] isr=[2] leader=2 leader_epoch=1 partition_epoch=1 unclean=false
controller: broker_fenced broker=1
1: halted: shutdown

boot 1
run 1s
---
controller: broker_registered broker=1 broker_epoch=9 unclean=false
controller: broker_unfenced broker=1
controller: partition_changed elr=[] isr=[1,2] leader=2 leader_epoch=1 partition_epoch=2 unclean=false
