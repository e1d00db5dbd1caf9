# The scheduler looks at every log at each of its intervals and flushes those whose last flush is flush.ms ago. A topic's own
# flush.ms comes before the broker's; without that a topic could not ask for less, or more, than the others.

cluster brokers=1 log.flush.scheduler.interval.ms=1000 log.flush.interval.ms=20000
topic often flush.ms=5000
topic seldom
watch flush_finished
---
ok

# The first look, 30 s after the start.
run 27s
produce a on=often-0
produce b on=seldom-0
run 1s
---
#1 ok offset=0
#2 ok offset=0
1: flush_finished recovery_point=1 topic_partition=often-0
1: flush_finished recovery_point=1 topic_partition=seldom-0

produce c on=often-0
produce d on=seldom-0
run 4s
---
#3 ok offset=1
#4 ok offset=1

run 1s
---
1: flush_finished recovery_point=2 topic_partition=often-0

run 14s
---
ok

run 1s
---
1: flush_finished recovery_point=2 topic_partition=seldom-0
