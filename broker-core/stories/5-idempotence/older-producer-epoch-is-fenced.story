# A batch of an older producer epoch than the last is refused with INVALID_PRODUCER_EPOCH, also if it was a duplicate before.
# Otherwise what a producer renumbered under a new epoch (KIP-360) could be followed by the original, still under way.

cluster brokers=1
topic
produce a producer=7/3 sequence=0
produce b producer=7/4 sequence=0
---
#1 ok offset=0
#2 ok offset=1

produce a producer=7/3 sequence=0
produce c producer=7/3 sequence=1
log 1
---
#3 INVALID_PRODUCER_EPOCH
#4 INVALID_PRODUCER_EPOCH
0..1 epoch=0 producer=7/3 sequence=0 a
1..2 epoch=0 producer=7/4 sequence=0 b
