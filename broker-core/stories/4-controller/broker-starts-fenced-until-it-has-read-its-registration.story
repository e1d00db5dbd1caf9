# A broker starts fenced: it neither leads nor joins an ISR before it has read the metadata up to its own registration.
# Otherwise it would act, as a member of the cluster, on what was so before it stopped.

cluster brokers=2
topic
hold from=controller to=2 api=fetch
kill 2
run 10s
---
ok

# Its heartbeats arrive, and the metadata does not.
watch broker_registered broker_unfenced alter_partition_sent
boot 2
run 20s
partition
---
controller: broker_registered broker=2 broker_epoch=8 unclean=true
leader=1 epoch=0 partition_epoch=1 isr=[1]

release from=controller to=2 api=fetch
run 1s
partition
---
controller: broker_unfenced broker=2
1: alter_partition_sent isr=[1,2] leader_epoch=0 partition_epoch=1
leader=1 epoch=0 partition_epoch=2 isr=[1,2]

# By hand: up to the registration, and then including it.
register 9 incarnation=7
heartbeat 9 read=11
heartbeat 9 read=12
---
controller: broker_registered broker=9 broker_epoch=11 unclean=false
#1 broker epoch 11
#2 fenced
controller: broker_unfenced broker=9
#3 unfenced
