# A consumer whose position is below the start of the log (OFFSET_OUT_OF_RANGE) goes on at the start and says what it missed.
# Retention loses records by design: the checkers must not take them for lost by a fault, and a consumer that only repeated
# its fetch would never read again.

cluster brokers=1
topic segment.bytes=100 retention.bytes=100
produce a
consumer
run 1s
---
#1 ok offset=0
consumer: read 0:a

# The consumer hears nothing while old segments go.
watch consumer_offset_reset log_start_offset_incremented
cut 1 consumer
produce b
produce c
produce d
run 360s
fetch offset=1
---
#2 ok offset=1
#3 ok offset=2
#4 ok offset=3
1: log_start_offset_incremented log_start_offset=2 reason=segment_deletion
#5 OFFSET_OUT_OF_RANGE

join 1 consumer
run 40s
produce e
run 1s
---
consumer: consumer_offset_reset from=1 to=2
consumer: read 2:c
consumer: read 3:d
#6 ok offset=4
consumer: read 4:e
