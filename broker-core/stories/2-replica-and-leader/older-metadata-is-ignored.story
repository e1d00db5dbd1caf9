# Metadata that is not newer than what an AlterPartition answer already said is ignored. Otherwise a leader would go back to
# a smaller ISR for a while, and its high watermark would run past members that the controller counts.

cluster brokers=3
topic
hold from=2 to=1 api=fetch
hold from=3 to=1 api=fetch
run 1s
alter-partition isr=1
hold from=controller to=1 api=fetch
---
#1 isr=[1] partition_epoch=1

# One after the other joins; broker 1 knows from the answers. The metadata of the first change is still under way.
release from=2 to=1 api=fetch
release from=3 to=1 api=fetch
run 200ms
status
---
controller: leader=1 epoch=0 partition_epoch=3 isr=[1,2,3]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1,2,3]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0

watch isr_shrunk isr_expanded high_watermark_moved
release from=controller to=1 api=fetch n=1
status
---
controller: leader=1 epoch=0 partition_epoch=3 isr=[1,2,3]
1: leader epoch=0 log=0..0 high_watermark=0 flushed=0 isr=[1,2,3]
2: follower epoch=0 log=0..0 high_watermark=0 flushed=0
3: follower epoch=0 log=0..0 high_watermark=0 flushed=0
