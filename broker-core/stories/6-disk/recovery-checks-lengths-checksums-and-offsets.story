# Recovery believes a batch that ends within its file, whose checksum is right, and that begins where the one before it ended.
# A power loss leaves ends that were never written, blocks of zeros and old ones: each fails one of the three.

cluster brokers=3
topic
produce a
produce b
kill 1
kill 2
kill 3
---
#1 ok offset=0
#2 ok offset=1

# In turn: the end is missing, a bit of a value is another, and a base offset.
tear 1 orders-0/00000000000000000000.log 1
damage 2 orders-0/00000000000000000000.log "-2"
damage 3 orders-0/00000000000000000000.log 76
watch recovery_finished
boot 1
boot 2
boot 3
---
1: recovery_finished cut_bytes=68 end_offset=1
2: recovery_finished cut_bytes=69 end_offset=1
3: recovery_finished cut_bytes=69 end_offset=1
