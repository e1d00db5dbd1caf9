# A batch that ends refused leaves a gap in the sequences. What is in flight behind it is out of order, which says nothing for
# certain and ends in doubt; what follows has a new epoch. Under the old one nothing would ever be taken again.

cluster brokers=2
topic min.insync.replicas=2
producer batch.size=1 retries=0
send a
run 1s
watch batch_sent producer_id_assigned
hold from=producer to=1 api=produce
send b c
---

# b arrives while the ISR is too small, c when it is large enough again.
hold from=2 to=1 api=fetch
alter-partition isr=1
release from=producer to=1 api=produce n=1
release from=2 to=1 api=fetch
run 1s
release from=producer to=1 api=produce
---

send d
run 1s
log 1
---
