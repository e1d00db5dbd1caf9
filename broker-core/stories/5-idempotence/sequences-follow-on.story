# A batch's first sequence is the one after the last in the log; anything else, but a whole duplicate, is refused with
# OUT_OF_ORDER_SEQUENCE_NUMBER. A gap would lose the order of what is still to come; an overlap would repeat a record.

cluster brokers=1
topic
produce a b producer=7/0 sequence=0
---
#1 ok offset=0

# A gap, a duplicate with one record more, a part of one, a batch that begins within another.
produce d producer=7/0 sequence=3
produce a b c producer=7/0 sequence=0
produce a producer=7/0 sequence=0
produce b c producer=7/0 sequence=1
---
#2 OUT_OF_ORDER_SEQUENCE_NUMBER
#3 OUT_OF_ORDER_SEQUENCE_NUMBER
#4 OUT_OF_ORDER_SEQUENCE_NUMBER
#5 OUT_OF_ORDER_SEQUENCE_NUMBER

# A refusal changed nothing; each producer has its own sequences.
produce c producer=7/0 sequence=2
produce a producer=8/0 sequence=0
log 1
---
#6 ok offset=2
#7 ok offset=3
0..2 epoch=0 producer=7/0 sequence=0 a b
2..3 epoch=0 producer=7/0 sequence=2 c
3..4 epoch=0 producer=8/0 sequence=0 a
