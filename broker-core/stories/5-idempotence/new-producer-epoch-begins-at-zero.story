# The first batch of a newer producer epoch has sequence 0. If it had another, batches of that epoch before it would be
# missing, and taking it would let them be lost or come later, out of order.

cluster brokers=1
topic
produce a producer=7/0 sequence=0
produce c producer=7/1 sequence=1
produce b producer=7/1 sequence=0
produce c producer=7/1 sequence=1
log 1
---
#1 ok offset=0
#2 OUT_OF_ORDER_SEQUENCE_NUMBER
#3 ok offset=1
#4 ok offset=2
0..1 epoch=0 producer=7/0 sequence=0 a
1..2 epoch=0 producer=7/1 sequence=0 b
2..3 epoch=0 producer=7/1 sequence=1 c
