# An append reaches the page cache and no further: a process that is killed loses nothing, a power loss takes everything
# since the last flush. A model whose appends were durable would find every setup safe.

cluster brokers=1
topic flush.messages=2
produce a
produce b
produce c
status
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
controller: leader=1 epoch=0 partition_epoch=0 isr=[1]
1: leader epoch=0 log=0..3 high_watermark=3 flushed=2 isr=[1]

kill 1
boot 1
run 12s
log 1
---
0..1 epoch=0 a
1..2 epoch=0 b
2..3 epoch=0 c

produce d
lose-power 1
boot 1
run 12s
log 1
---
#4 ok offset=3
0..1 epoch=0 a
1..2 epoch=0 b
2..3 epoch=0 c
