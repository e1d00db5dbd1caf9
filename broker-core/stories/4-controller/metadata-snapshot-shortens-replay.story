# From time to time the controller writes a snapshot of the metadata, after the records it is made of are durable, and starts
# from there (KIP-630). A damaged one is passed over: it saves time and knows nothing that the log does not.

cluster brokers=2 metadata.log.max.record.bytes.between.snapshots=600
watch snapshot_written snapshot_loaded snapshot_unreadable
topic min.insync.replicas=2
alter-partition isr=1
---
controller: snapshot_written end_offset=6
#1 isr=[1] partition_epoch=1

allocate-producer-ids 1
lose-power controller
boot controller
partition
---
#2 producer ids 0..1000
controller: snapshot_loaded end_offset=6
leader=1 epoch=0 partition_epoch=1 isr=[1] elr=[2]

allocate-producer-ids 1
kill controller
damage controller __cluster_metadata-0/00000000000000000006-0000000000.checkpoint 100
boot controller
partition
allocate-producer-ids 1
---
#3 producer ids 1000..2000
controller: snapshot_unreadable path=__cluster_metadata-0/00000000000000000006-0000000000.checkpoint
controller: snapshot_written end_offset=9
leader=1 epoch=0 partition_epoch=1 isr=[1] elr=[2]
#4 producer ids 2000..3000
