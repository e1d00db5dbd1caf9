# A broker whose registration was not answered asks again, as the same incarnation, and gets the epoch it has. A second epoch
# would make everything stale that the first one has already begun.

cluster brokers=1
hold from=controller to=2 api=brokerregistration
boot 2
metadata from=2
---
2: register 2 with broker epoch 2

# The answer is lost.
watch broker_started broker_unfenced
lose from=controller to=2 api=brokerregistration
run 3s
metadata from=2
---
2: broker_started broker=2 broker_epoch=2
controller: broker_unfenced broker=2
2: register 2 with broker epoch 2
3: unfence 2

register 9 incarnation=7
heartbeat 9
register 9 incarnation=7
heartbeat 9
---
#1 broker epoch 4
controller: broker_unfenced broker=9
#2 unfenced
#3 broker epoch 4
#4 unfenced
