# There is no other copy of the metadata log. A controller that cut it where a bit has turned over would give epochs and
# offsets away for the second time. Only what looks like a write that a power loss cut short is cut.

cluster brokers=1
topic partitions=1
run 10s
kill controller
damage controller __cluster_metadata-0/00000000000000000000.log 70
boot controller
---
controller: failed to start: corrupt batch at offset 0: checksum dd2813a0 instead of e03f4b92

damage controller __cluster_metadata-0/00000000000000000000.log 70
boot controller
metadata from=0
---
0: register 1 with broker epoch 0
1: unfence 1
2: topic orders, partition 0 leader=1 isr=[1]
