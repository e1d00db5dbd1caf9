# The marker is removed before the logs are loaded, and a broker registers only once that is durable (KAFKA-10471). Otherwise
# a crash in between would count as clean, and vouch for logs that have been written since.

cluster brokers=2
topic
watch broker_registered
shut-down 2
run 1s
disk 2 hold
boot 2
cat 2 ".kafka_cleanshutdown"
run 10s
---
2: halted: shutdown
no such file

# A crash while it loads: the next one is unclean.
kill 2
disk 2 go
boot 2
---
controller: broker_registered broker=2 broker_epoch=9 unclean=true

# After a power loss at the same point the marker is back. It is right: nothing was written, and nobody heard of the broker.
run 1s
shut-down 2
run 1s
disk 2 hold
boot 2
lose-power 2
disk 2 go
boot 2
---
2: halted: shutdown
controller: broker_registered broker=2 broker_epoch=15 unclean=false
