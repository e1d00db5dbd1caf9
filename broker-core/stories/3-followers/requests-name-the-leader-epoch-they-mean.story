# A request says which leader epoch it speaks to (KIP-320): a leader refuses an older one as fenced and a newer one as not
# known to it yet. Otherwise a follower or consumer with old metadata would take the answers of another history for its own.

cluster brokers=2
topic
produce a
shut-down 1
---
#1 ok offset=0

fetch to=2 offset=0 epoch=0
list-offsets latest to=2 epoch=0
epoch-end 0 to=2 epoch=0
---
#2 FENCED_LEADER_EPOCH
#3 FENCED_LEADER_EPOCH
#4 FENCED_LEADER_EPOCH

fetch to=2 offset=0 epoch=2
list-offsets latest to=2 epoch=2
epoch-end 0 to=2 epoch=2
---
#5 UNKNOWN_LEADER_EPOCH
#6 UNKNOWN_LEADER_EPOCH
#7 UNKNOWN_LEADER_EPOCH

fetch to=2 offset=0 epoch=1
list-offsets latest to=2 epoch=1
epoch-end 0 to=2 epoch=1
---
#8 high_watermark=1 [0..1 epoch=0 a]
#9 offset=1 epoch=1
#10 epoch=0 end=1
