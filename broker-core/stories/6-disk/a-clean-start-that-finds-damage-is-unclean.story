# The marker vouches for a log as it was closed. A broker that does not find it so registers as one that stopped uncleanly;
# otherwise the controller would keep it among those that may lead without loss.

cluster brokers=3
topic min.insync.replicas=2
produce a
produce b
shut-down 1
run 5s
watch broker_registered
boot 1
run 5s
---
#1 ok offset=0
#2 ok offset=1
1: halted: shutdown
controller: broker_registered broker=1 broker_epoch=11 unclean=false

# The file ends in the middle of b now.
shut-down 1
run 5s
tear 1 orders-0/00000000000000000000.log 1
watch log_damaged
boot 1
---
1: halted: shutdown
1: log_damaged offset=1
controller: broker_registered broker=1 broker_epoch=17 unclean=true
