# A disconnect, a timeout, or a delivery timeout in flight says nothing about the log: the send is in doubt. Here all three
# records are there, and a checker that took one for failed would blame the broker for it.

cluster brokers=1
topic partitions=3
producer retries=0 request.timeout.ms=1000 delivery.timeout.ms=1000
run 1s
hold from=1 to=producer api=produce
send a on=orders-0
lose from=1 to=producer api=produce n=1
---
producer: "a" info [Disconnected]

# After a broken connection there is a pause before the next one, so the delivery timeout ends first.
send b on=orders-1
run 2s
---
producer: "b" info [Expired]

send c on=orders-2
run 1s
---
producer: "c" info [TimedOut]

log 1 on=orders-0
log 1 on=orders-1
log 1 on=orders-2
---
0..1 epoch=0 a
0..1 epoch=0 b
0..1 epoch=0 c
