# A topic has a legal name that metrics can tell from all others, at least one partition, at most as many replicas as brokers
# live, and settings that exist. What cannot be is refused before anything is written.

cluster brokers=2
create-topics carts.new
create-topics wide rf=2
kill 2
run 10s
metadata from=4
---
#1 carts.new created
#2 wide created
4: topic carts.new, partition 0 leader=1 isr=[1]
6: topic wide, partition 0 leader=1 isr=[1,2]
8: fence 2, partition 0 leader=1 isr=[1]

create-topics carts.new carts_new a/b ".." ""
create-topics twice twice
create-topics none partitions=0
create-topics many partitions=10001
create-topics wider rf=2
create-topics odd min.insync.replicas=0
create-topics odd no.such.setting=1
metadata from=9
---
#3 carts.new TOPIC_ALREADY_EXISTS, carts_new INVALID_TOPIC_EXCEPTION, a/b INVALID_TOPIC_EXCEPTION, .. INVALID_TOPIC_EXCEPTION,  INVALID_TOPIC_EXCEPTION
#4 twice INVALID_REQUEST
#5 none INVALID_PARTITIONS
#6 many POLICY_VIOLATION
#7 wider INVALID_REPLICATION_FACTOR
#8 odd INVALID_CONFIG
#9 odd INVALID_CONFIG
