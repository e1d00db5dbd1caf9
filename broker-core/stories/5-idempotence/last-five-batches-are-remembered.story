# A leader knows the last five batches of each producer, because a producer has at most five in flight. An older one is no
# duplicate but out of order: the offset of its first append is forgotten, and it must not be appended again.

cluster brokers=1
topic
produce a producer=7/0 sequence=0
produce b producer=7/0 sequence=1
produce c producer=7/0 sequence=2
produce d producer=7/0 sequence=3
produce e producer=7/0 sequence=4
produce f producer=7/0 sequence=5
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
#4 ok offset=3
#5 ok offset=4
#6 ok offset=5

produce b producer=7/0 sequence=1
produce a producer=7/0 sequence=0
list-offsets latest
---
#7 ok offset=1
#8 OUT_OF_ORDER_SEQUENCE_NUMBER
#9 offset=6 epoch=0
