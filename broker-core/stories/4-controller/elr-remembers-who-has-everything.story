# While the ISR has at least min.insync.replicas members the ELR is empty: what is acknowledged then, others may lack. Below
# that nothing is acknowledged, so whoever was in ISR or ELR still has everything (KIP-966).

cluster brokers=5
topic rf=5 min.insync.replicas=3
hold from="*" to=1 api=fetch
---
ok

alter-partition isr="1,2,3,4"
partition
alter-partition isr="1,2,3"
partition
---
#1 isr=[1,2,3,4] partition_epoch=1
leader=1 epoch=0 partition_epoch=1 isr=[1,2,3,4]
#2 isr=[1,2,3] partition_epoch=2
leader=1 epoch=0 partition_epoch=2 isr=[1,2,3]

# Broker 4 left while there were still enough. Broker 3 leaves with all there is, then broker 2.
alter-partition isr="1,2"
partition
alter-partition isr=1
partition
---
#3 isr=[1,2] partition_epoch=3
leader=1 epoch=0 partition_epoch=3 isr=[1,2] elr=[3]
#4 isr=[1] partition_epoch=4
leader=1 epoch=0 partition_epoch=4 isr=[1] elr=[2,3]

# Broker 5 has caught up: two members are too few to acknowledge anything, and the ELR is as good as it was. So broker 2 may
# take its place, and broker 5 has everything too.
alter-partition isr="1,5"
partition
alter-partition isr="1,2"
partition
---
#5 isr=[1,5] partition_epoch=5
leader=1 epoch=0 partition_epoch=5 isr=[1,5] elr=[2,3]
#6 isr=[1,2] partition_epoch=6
leader=1 epoch=0 partition_epoch=6 isr=[1,2] elr=[3,5]

# Enough again.
alter-partition isr="1,2,5"
partition
---
#7 isr=[1,2,5] partition_epoch=7
leader=1 epoch=0 partition_epoch=7 isr=[1,2,5]
