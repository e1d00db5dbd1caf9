# ListOffsets tells a leader epoch with each offset, by which a consumer notices a truncation later (KIP-320): with the
# earliest that of the first record, with the latest the leader's own. The leader's own with the earliest would be an epoch
# that the next leader may not know, if nothing is written in it, and a healthy log would seem to be cut.

cluster brokers=2
topic
produce a
shut-down 1
list-offsets earliest to=2
list-offsets latest to=2
---
#1 ok offset=0
#2 offset=0 epoch=0
#3 offset=1 epoch=1
