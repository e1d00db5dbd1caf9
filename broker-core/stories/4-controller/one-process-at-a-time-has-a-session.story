# A second process with the id of one whose session lives is refused, until that session has ended. Otherwise two brokers
# would believe that they are the same leader.

cluster brokers=2
topic
register 2 incarnation=99
---
#1 DUPLICATE_BROKER_REGISTRATION

# Its predecessor is gone, but the controller cannot know that before the session has ended.
kill 2
register 2 incarnation=99
run 6s
register 2 incarnation=99
run 4s
register 2 incarnation=99
---
#2 DUPLICATE_BROKER_REGISTRATION
#3 DUPLICATE_BROKER_REGISTRATION
#4 broker epoch 8
