# What was acknowledged survives any number of process kills, also of all brokers at once: what was written is in the page
# cache of a machine that did not fail, and nobody leads who lacks it.

cluster brokers=3
topic min.insync.replicas=2
produce a
kill 1
run 10s
produce b to=2
---
#1 ok offset=0
#2 ok offset=1

# Brokers 2 and 3 die together. Broker 1, which lacks b, is back first and does not lead.
kill 2 3
boot 1
run 20s
partition
---
leader=-1 epoch=3 partition_epoch=3 isr=[] elr=[2,3]

# Broker 3 led last.
boot 2
run 5s
boot 3
run 10s
produce c to=3
log 1
---
#3 ok offset=2
0..1 epoch=0 a
1..2 epoch=1 b
2..3 epoch=4 c
