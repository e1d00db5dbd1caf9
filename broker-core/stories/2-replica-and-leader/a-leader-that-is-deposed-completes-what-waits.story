# A leader that is deposed answers every produce that waits with NOT_LEADER_OR_FOLLOWER (6). This is indeterminate, not a
# failure (KAFKA-13574): the record may be in the new leader's log, and a client that took it for a failure would later read
# what it believes was never written.

cluster brokers=3
topic min.insync.replicas=2
hold from=3 to=1 api=fetch
producer retries=0
run 1s
produce a
send b
---
#1 is waiting

# Broker 1 wants to stop; the controller moves the leadership to broker 2, which has both records.
heartbeat 1 leave=true
run 1s
---
#2 unfenced
#1 NOT_LEADER_OR_FOLLOWER
producer: "b" info [Code(NOT_LEADER_OR_FOLLOWER(6))]

log 2
fetch to=2 offset=0
---
0..1 epoch=0 a
1..2 epoch=0 b
#3 high_watermark=2 [0..1 epoch=0 a] [1..2 epoch=0 b]
