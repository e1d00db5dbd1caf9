# With acks=0 nobody ever says how a send ended: each is in doubt, be it in the log or not.

cluster brokers=1
topic
producer acks=0 batch.size=1
run 1s
send a
---
producer: "a" info [NoAcks]

hold from=producer to=1 api=produce
send b
lose from=producer to=1 api=produce
log 1
---
producer: "b" info [NoAcks]
0..1 epoch=0 a
