# A follower whose last epoch ended earlier at the leader is told where, gets no records, and has made no progress
# (KAFKA-13141): what it says to have is not what the leader has. Counting it would acknowledge a record nobody else holds.

# Broker 2 leads epoch 1 from offset 1. Broker 3 is in the ISR, but its fetches are ours.
cluster brokers=3
topic min.insync.replicas=2
produce a
run 1s
cut 2 3
shut-down 1
produce b to=2
---
#1 ok offset=0
#2 is waiting

# Offset 2 after epoch 0: that must be another record than b.
fetch as=3 to=2 epoch=1 offset=2 last=0
---
#3 high_watermark=1 diverging epoch=0 end=1

# Having cut its log it asks again, and gets b; only the fetch after that says that it has b.
fetch as=3 to=2 epoch=1 offset=1 last=0
---
#4 high_watermark=1 [1..2 epoch=1 b]

fetch as=3 to=2 epoch=1 offset=2 last=1
---
#5 high_watermark=1
#2 ok offset=1
