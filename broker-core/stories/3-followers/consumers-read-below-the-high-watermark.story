# Consumers read below the high watermark only, followers to the log end. A record above it may still be lost with its
# leader, and a consumer would have seen what never was.

cluster brokers=2
topic
hold from=2 to=1 api=fetch
produce a
produce b
fetch offset=0
list-offsets latest
fetch as=2 offset=0 epoch=0
---
#1 is waiting
#2 is waiting
#3 high_watermark=0
#4 offset=0 epoch=0
#5 high_watermark=0 [0..1 epoch=0 a] [1..2 epoch=0 b]

release from=2 to=1 api=fetch
fetch offset=0
list-offsets latest
---
#1 ok offset=0
#2 ok offset=1
#6 high_watermark=2 [0..1 epoch=0 a] [1..2 epoch=0 b]
#7 offset=2 epoch=0
