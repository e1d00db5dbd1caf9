# Who does not lead refuses with NOT_LEADER_OR_FOLLOWER (6) and appends nothing, whatever the acks. Otherwise two logs would
# grow apart with nobody to say which is right.

cluster brokers=2
topic
produce a to=2
produce a to=2 acks=1
status
---
#1 NOT_LEADER_OR_FOLLOWER
#2 NOT_LEADER_OR_FOLLOWER
controller: leader=1 epoch=0 partition_epoch=0 isr=[1,2]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1,2]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0

# Whoever wants no answer learns of an error by the end of the connection.
produce a to=2 acks=0
---
#3 disconnected
