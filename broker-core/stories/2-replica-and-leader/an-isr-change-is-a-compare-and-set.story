# AlterPartition names the leader epoch and the partition epoch it starts from, and is refused if the controller has others
# (KIP-497). Otherwise a late request would undo what was decided since.

cluster brokers=3
topic min.insync.replicas=2
hold from=3 to=1 api=fetch
run 1s
---
ok

alter-partition isr="1,2"
alter-partition isr="1,3" partition-epoch=0
---
#1 isr=[1,2] partition_epoch=1
#2 INVALID_UPDATE_VERSION

# Somebody ahead of the controller must be talking to an old one.
alter-partition isr=1 partition-epoch=2
alter-partition isr=1 leader-epoch=1
---
#3 NOT_CONTROLLER
#4 NOT_CONTROLLER

# Broker 2 leads in leader epoch 1, and broker 1 may not have noticed.
heartbeat 1 leave=true
alter-partition by=1 isr="1,2" leader-epoch=0
alter-partition by=1 isr="1,2"
---
#5 unfenced
#6 FENCED_LEADER_EPOCH
#7 INVALID_REQUEST
