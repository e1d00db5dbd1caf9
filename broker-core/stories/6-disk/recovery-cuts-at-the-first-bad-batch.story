# An unclean start reads what is above the recovery point and cuts the log at the first batch that is not whole, with every
# segment after it. A batch that was kept behind a gap would be served under an offset that was promised to another.

cluster brokers=1
topic segment.bytes=150
produce a
produce b
produce c
produce d
produce e
kill 1
damage 1 orders-0/00000000000000000002.log "-2"
watch recovery_started recovery_finished
boot 1
run 12s
log 1
---
#1 ok offset=0
#2 ok offset=1
#3 ok offset=2
#4 ok offset=3
#5 ok offset=4
1: recovery_started recovery_point=0
1: recovery_finished cut_bytes=138 end_offset=3
0..1 epoch=0 a
1..2 epoch=0 b
2..3 epoch=0 c

files 1
---
00000000000000000000.log 138
00000000000000000002.log 69
00000000000000000002.snapshot 14
leader-epoch-checkpoint 28
