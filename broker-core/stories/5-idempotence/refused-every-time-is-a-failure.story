# A send fails, and must never appear, only if it was never sent or if every attempt was refused before the append. The error
# of each attempt is told. If such a send were in the log, the checkers would have found a broken promise.

# There is no such topic, so nobody to send it to: never sent.
cluster brokers=2
topic min.insync.replicas=2
producer batch.size=1 retries=2 max.request.size=100 request.timeout.ms=1000 delivery.timeout.ms=5000
send nobody on=payments-0
run 5s
---
producer: "nobody" fail [Expired]

# Larger than max.request.size: never sent.
send "a value that is too large for the request that would carry it, which has one hundred bytes"
---
producer: "a value that is too large for the request that would carry it, which has one hundred bytes" fail [Code(MESSAGE_TOO_LARGE(10))]

# The ISR is too small for three attempts: refused before the append.
hold from=2 to=1 api=fetch
alter-partition isr=1
send few
run 2s
---
#1 isr=[1] partition_epoch=1
producer: "few" fail [Code(NOT_ENOUGH_REPLICAS(19)), Code(NOT_ENOUGH_REPLICAS(19)), Code(NOT_ENOUGH_REPLICAS(19))]

# Everything that was refused is nowhere.
log 1
---
ok
