# A damaged replica leaves the ISR, fetches what it lost from the leader, and is taken in again; once that is durable its note
# goes, and it may lead as before. A note that stayed would cost a copy for ever, one that went earlier might cost a record.

cluster brokers=3
topic min.insync.replicas=2
produce a
produce b
shut-down 1
run 5s
tear 1 orders-0/00000000000000000000.log 1
watch log_damaged recovery_finished repair_started records_replicated replica_repaired flush_finished damage_note_removed
boot 1
run 5s
---
#1 ok offset=0
#2 ok offset=1
1: halted: shutdown
1: log_damaged offset=1
1: recovery_finished cut_bytes=68 end_offset=1
1: repair_started
1: flush_finished recovery_point=1
1: records_replicated base_offset=1 end_offset=2 leader_epoch=0
1: replica_repaired end_offset=2
1: flush_finished recovery_point=2
1: damage_note_removed

files 1
---
00000000000000000000.log 138
leader-epoch-checkpoint 24

shut-down 2
shut-down 3
run 5s
partition
---
2: halted: shutdown
3: halted: shutdown
leader=1 epoch=2 partition_epoch=4 isr=[1] elr=[3]

produce c acks=1
---
#3 ok offset=2
