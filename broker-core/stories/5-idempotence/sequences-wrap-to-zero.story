# After sequence 2147483647 comes 0, between batches and within one. A producer that lives long enough would be refused
# forever, or wrap into negative numbers, which mean that there is no sequence.

cluster brokers=1
topic
produce a producer=7/0 sequence=2147483647
produce b producer=7/0 sequence=0
---
#1 ok offset=0
#2 ok offset=1

produce a b producer=8/0 sequence=2147483647
produce c producer=8/0 sequence=0
produce a b producer=8/0 sequence=2147483647
produce c producer=8/0 sequence=1
---
#3 ok offset=2
#4 OUT_OF_ORDER_SEQUENCE_NUMBER
#5 ok offset=2
#6 ok offset=4
