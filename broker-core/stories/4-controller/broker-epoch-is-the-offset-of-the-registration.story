# The epoch of a broker is the offset of the record that registers it (KIP-631): a later registration always has a larger one,
# whatever the controller was through in between. Otherwise requests from before a restart could not be told from those after.

cluster brokers=1
metadata
register 9 incarnation=7
---
0: register 1 with broker epoch 0
1: unfence 1
#1 broker epoch 2

# Everything that is written makes it larger.
create-topics carts
lose-power controller
boot controller
register 9 incarnation=8
metadata from=2
---
#2 carts created
#3 broker epoch 5
2: register 9 with broker epoch 2
3: topic carts, partition 0 leader=1 isr=[1]
5: register 9 with broker epoch 5
