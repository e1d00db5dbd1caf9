# A committed batch whose checksum is wrong is served to nobody: the broker notes durably which log is damaged, and halts. If it
# went on, or if its next start knew nothing of it, it could lead again with less than it acknowledged.

cluster brokers=3
topic min.insync.replicas=2
produce a
produce b
damage 1 orders-0/00000000000000000000.log "-2"
watch log_damaged
disk 1 hold
fetch offset=0
---
#1 ok offset=0
#2 ok offset=1
#3 is waiting
1: log_damaged offset=1

# It waits for its note only.
produce c
disk 1 show
---
#4 is waiting
replace orders-0/damaged

disk 1 go
lose-power 1
cat 1 orders-0/damaged
---
1: halted: read orders-0 at offset 1: checksum 835aed0c instead of 90f8757b: invalid data
#3 disconnected
#4 disconnected
0
1
crc32c 39162075
