# A replica that lost committed records to its disk refuses to lead, whoever elects it, until another leader has taken it into
# the ISR. In Kafka it is as good as any other: it leads with less, and the others cut their logs to it.

cluster brokers=2
topic unclean.leader.election.enable=true
produce a
produce b
shut-down 1
run 5s
tear 1 orders-0/00000000000000000000.log 1
watch log_damaged repair_started leadership_refused
cut 1 2
boot 1
run 5s
status
---
#1 ok offset=0
#2 ok offset=1
1: halted: shutdown
1: log_damaged offset=1
1: repair_started
controller: leader=2 epoch=1 partition_epoch=1 isr=[2]
1: follower epoch=1 log=0..1 high_watermark=1 flushed=1
2: leader epoch=1 log=0..2 high_watermark=2 flushed=0 isr=[2]

# Even an unclean election, of whoever there is, makes it no leader.
kill 2
run 12s
status
---
1: leadership_refused leader_epoch=2
controller: leader=1 epoch=2 partition_epoch=2 isr=[1]
1: follower epoch=2 log=0..1 high_watermark=1 flushed=1
2: down

produce c
fetch offset=0
---
#3 KAFKA_STORAGE_ERROR
#4 KAFKA_STORAGE_ERROR
