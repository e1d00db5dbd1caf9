# A min.insync.replicas above the replication factor means every replica. Otherwise such a topic could never be written.

cluster brokers=2
topic min.insync.replicas=3
produce a
---
#1 ok offset=0

hold from=2 to=1 api=fetch
alter-partition isr=1
produce b
---
#2 isr=[1] partition_epoch=1
#3 NOT_ENOUGH_REPLICAS
