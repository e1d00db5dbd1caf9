# The last thing a clean shutdown writes is a marker with the broker epoch. Only a registration that names the epoch its
# predecessor had is clean (KIP-966); whoever comes without it may lack what it had in memory.

cluster brokers=2
topic
shut-down 2
run 1s
cat 2 ".kafka_cleanshutdown"
---
2: halted: shutdown
1

# It serves once.
watch broker_registered
boot 2
cat 2 ".kafka_cleanshutdown"
run 1s
kill 2
cat 2 ".kafka_cleanshutdown"
run 10s
boot 2
---
controller: broker_registered broker=2 broker_epoch=9 unclean=false
no such file
no such file
controller: broker_registered broker=2 broker_epoch=14 unclean=true
