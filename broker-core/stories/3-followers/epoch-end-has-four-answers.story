# A leader answers where a leader epoch ended in its log (KIP-101, KIP-279): its latest epoch at its log end; an epoch above
# all it knows nowhere; one below all where the first begins; any other as the largest known epoch at or below it, which it
# names. Without the name, a follower takes the end of another epoch for that of its own.

# Leader epoch 0 writes nothing, 1 is led by broker 2, 2 by broker 1, which writes nothing either, 3 by broker 2 again.
cluster brokers=2
topic
shut-down 1
run 3s
produce a b to=2
boot 1
run 12s
shut-down 2
run 3s
boot 2
run 12s
shut-down 1
run 3s
produce c to=2
epochs 2
---
1: halted: shutdown
#1 ok offset=0
2: halted: shutdown
1: halted: shutdown
#2 ok offset=2
1 from 0
3 from 2

epoch-end 3 to=2
---
#3 epoch=3 end=3

epoch-end 4 to=2
---
#4 epoch=-1 end=-1

epoch-end 0 to=2
---
#5 epoch=0 end=0

epoch-end 1 to=2
epoch-end 2 to=2
---
#6 epoch=1 end=2
#7 epoch=1 end=2
