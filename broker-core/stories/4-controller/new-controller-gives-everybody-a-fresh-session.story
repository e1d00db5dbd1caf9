# Heartbeats are not in the metadata log. A controller that starts gives every broker that was not fenced a fresh session:
# otherwise its own absence would fence the whole cluster.

cluster brokers=2
topic
kill controller
run 60s
watch broker_fenced
boot controller
run 8s
---
ok

# Who was gone before is noticed as late as anybody else.
kill controller
kill 2
run 60s
boot controller
run 8999ms
---
ok

run 1ms
---
controller: broker_fenced broker=2
