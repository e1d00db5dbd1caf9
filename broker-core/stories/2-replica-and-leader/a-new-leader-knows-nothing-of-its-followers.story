# What a leader knew of its followers in an earlier leadership is forgotten: they may have been told to truncate since. A
# follower counts with its first fetch in the new leadership.

cluster brokers=3
topic min.insync.replicas=2
hold from=2 to=1 api=fetch
run 1s
produce a
---
#1 is waiting

# Broker 3 told broker 1 that it has the record. Then broker 2, which has not, leads; broker 3 says nothing to it.
hold from=3 to=2 api=fetch
hold from=1 to=controller api=brokerheartbeat
run 10s
release from=2 to=1 api=fetch
produce b to=2
---
#1 NOT_LEADER_OR_FOLLOWER
#2 is waiting

# Broker 1 has changed over to the new record and is in sync again; so is, as far as anybody knows, broker 3.
release from=1 to=controller api=brokerheartbeat
run 1s
status
log 1
log 3
---
controller: leader=2 epoch=1 partition_epoch=2 isr=[1,2,3]
1: follower epoch=1 log=0..1 high_watermark=0 flushed=0
2: leader epoch=1 log=0..1 high_watermark=0 flushed=0 isr=[1,2,3]
3: follower epoch=1 log=0..1 high_watermark=0 flushed=0
0..1 epoch=1 b
0..1 epoch=0 a

# Broker 1 leads again. That broker 3 once asked for offset 1 says nothing of this record.
hold from=3 to=1 api=fetch
kill 2
run 10s
status
---
#2 disconnected
controller: leader=1 epoch=2 partition_epoch=3 isr=[1,3]
1: leader epoch=2 log=0..1 high_watermark=0 flushed=0 isr=[1,3]
2: down
3: follower epoch=2 log=0..1 high_watermark=0 flushed=0

watch log_truncated high_watermark_moved
release from=3 to=1 api=fetch
log 3
---
3: log_truncated from=1 to=0
1: high_watermark_moved high_watermark=1 leader=true
0..1 epoch=1 b
