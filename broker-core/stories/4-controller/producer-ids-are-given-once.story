# Producer ids are given to brokers in blocks, and a block only once it is durable that it is given (KIP-730): never twice,
# not even after a power loss. Two producers with one id would be each other's duplicates.

cluster brokers=2
allocate-producer-ids 1
init-producer-id to=2
init-producer-id to=2
---
#1 producer ids 0..1000
#2 producer=1000/0
#3 producer=1001/0

disk controller hold
allocate-producer-ids 1
lose-power controller
disk controller go
boot controller
allocate-producer-ids 1
---
#4 is waiting
#4 disconnected
#5 producer ids 2000..3000

# A broker that restarts does not know what it gave away, and begins a new block.
lose-power controller 2
boot controller
run 10s
boot 2
run 1s
init-producer-id to=2
---
#6 producer=3000/0
