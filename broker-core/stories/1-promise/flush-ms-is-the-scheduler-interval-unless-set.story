# With log.flush.scheduler.interval.ms alone logs are flushed: flush.ms is log.flush.interval.ms, else the scheduler's interval.
# With an infinite default the scheduler would look and never find anything due.

cluster brokers=1 log.flush.scheduler.interval.ms=5000
topic
watch flush_finished
---
ok

# It looks first after 30 s.
produce a
run 27s
---
#1 ok offset=0

disk 1 hold
run 1s
run 10ms
disk 1 go
---
1: flush_finished recovery_point=1

# The next look comes 5 s after the last, and finds a log whose flush ended a moment less than 5 s ago: it is not due before
# the look after that. Kafka does the same.
produce b
run 8s
---
#2 ok offset=1

run 2s
---
1: flush_finished recovery_point=2
