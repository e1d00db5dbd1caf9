# A broker sends a heartbeat every broker.heartbeat.interval.ms (2 s) and is fenced after broker.session.timeout.ms (9 s)
# without one. Earlier would end sessions that live, later would leave partitions without a leader for longer than need be.

cluster brokers=1
register 9 incarnation=7
heartbeat 9
watch broker_fenced broker_unfenced
run 8999ms
---
#1 broker epoch 2
#2 unfenced

# Broker 1 has been heard of, broker 9 has not.
run 1ms
run 60s
---
controller: broker_fenced broker=9

# It only has to be heard of again.
heartbeat 9
run 8999ms
heartbeat 9
run 8999ms
---
controller: broker_unfenced broker=9
#3 unfenced
#4 unfenced

hold from=1 to=controller api=brokerheartbeat
run 2s
release from=1 to=controller api=brokerheartbeat n=1
run 1999ms
held
---
controller: broker_fenced broker=9

run 1ms
held
---
1->controller BrokerHeartbeat request
