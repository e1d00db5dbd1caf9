# A producer id the log knows nothing of may begin with any sequence and epoch, since what came before may have been
# deleted (KIP-360). So whoever loses this knowledge makes duplicates of retries, without anybody noticing.

cluster brokers=1
topic
produce a producer=7/3 sequence=41
produce c producer=7/3 sequence=43
produce b producer=7/3 sequence=42
---
#1 ok offset=0
#2 OUT_OF_ORDER_SEQUENCE_NUMBER
#3 ok offset=1
