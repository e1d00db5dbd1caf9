//! `nonmonotonic-send`: two messages that one process sent to one topic partition one after the other, both
//! acknowledged, are in the log in the opposite order.
//!
//! No false alarms, because:
//! * Only processes whose settings promise order are judged (`Order::Kept` in the history's table).
//! * A message's place is the log's word, not the acknowledgement's: its first offset in complete final reads. Of a
//!   duplicate the first copy counts; later ones are `duplicate`'s matter. A message that is gone is `lost-write`'s
//!   matter, and is left out rather than compared by an offset that has since been given away.
//! * While final reads are incomplete acknowledged offsets stand in. If they go back, either the order was broken or the
//!   log was cut and its offsets given away again: that is unknown.
//! * Sends that failed or whose end is unknown are left out: they promised nothing.
//! * Equal offsets are `inconsistent-offsets`' matter.
//!
//! Each message is compared with the one before it, as Jepsen does, so that one message that is far out of place is
//! counted once or twice and not once for each that it passed.

use std::collections::BTreeMap;

use broker_core::types::Offset;

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted};
use super::index::{HistoryIndex, Outcome, PartitionIndex, SendRecord};
use crate::history::{MessageId, ProcessId};

/// Finds sends out of order, at most one violation per topic partition. Counts pairs of successive messages.
pub fn check(index: &HistoryIndex<'_>) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions() {
        let mut previous: BTreeMap<ProcessId, (MessageId, Offset)> = BTreeMap::new();
        let mut examples = Vec::new();
        for send in partition.sends.iter().filter(|send| index.keeps_order(send.process)) {
            let Some(offset) = place(partition, send) else {
                continue;
            };
            let before = previous.insert(send.process, (send.message, offset));
            if let Some(before) = before.filter(|(_, before)| offset < *before) {
                examples.push(reference(send, offset, before));
            }
        }
        if let Some(first) = examples.first() {
            let count = examples.len();
            let pairs = counted(count, "pair");
            if partition.final_end.is_none() {
                checked.unknown.push(format!(
                    "the final reads of {topic_partition} are incomplete: nobody knows whether {pairs} of messages are out \
                     of order, or their offsets were given away twice"
                ));
                continue;
            }
            let summary = format!("{pairs} of messages of {topic_partition} out of order: {first}");
            checked.violations.push(Violation::new(
                Anomaly::NonmonotonicSend,
                topic_partition,
                summary,
                count,
                examples,
            ));
        }
    }
    checked
}

fn place(partition: &PartitionIndex, send: &SendRecord) -> Option<Offset> {
    let Outcome::Ok { offset, .. } = send.outcome else {
        return None;
    };
    match partition.final_end {
        Some(_) => partition.final_reads.first_offset(send.message),
        None => offset,
    }
}

fn reference(send: &SendRecord, offset: Offset, before: (MessageId, Offset)) -> MessageRef {
    MessageRef {
        message: Some(send.message),
        offset: Some(offset),
        process: Some(send.process),
        operation: send.invoked,
        note: Some(format!("sent after {} at offset {}", before.0, before.1)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SLOPPY, Story};
    use super::*;

    #[test]
    fn processes_interleave_but_each_keeps_its_order() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 1);
        story.sent(1, "orders-0", 2, 0);
        story.sent(1, "orders-0", 3, 2);
        story.sent(0, "orders-1", 4, 0);
        story.sent(0, "orders-0", 5, 3);
        story.finish("orders-0", &[(0, 2), (1, 1), (2, 3), (3, 5)]);
        story.finish("orders-1", &[(0, 4)]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn the_log_contradicts_the_order_of_invocation() {
        let mut story = Story::new();
        story.invoke(0, "orders-0", 1);
        story.invoke(0, "orders-0", 2);
        story.ok(0, "orders-0", 2, 0);
        story.ok(0, "orders-0", 1, 1);
        story.finish("orders-0", &[(0, 2), (1, 1)]);
        let violations = story.check(check).violations;
        assert_eq!(
            violations[0].summary,
            "1 pair of messages of orders-0 out of order: message 0/2 at offset 0, sent after 0/1 at offset 1 (operation 1)"
        );
    }

    #[test]
    fn without_final_reads_offsets_that_go_back_may_be_a_loss() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 5);
        story.sent(0, "orders-0", 2, 3);
        let checked = story.check(check);
        assert!(checked.violations.is_empty());
        assert!(checked.unknown[0].contains("whether 1 pair of messages are out of order"), "{checked:?}");
    }

    #[test]
    fn what_promised_nothing_is_not_judged() {
        let mut story = Story::new();
        story.sent(SLOPPY, "orders-0", 1, 5);
        story.sent(SLOPPY, "orders-0", 2, 3);
        story.invoke(0, "orders-0", 3);
        story.invoke(0, "orders-0", 4);
        story.info(0, "orders-0", 3);
        story.ok(0, "orders-0", 4, 0);
        story.finish("orders-0", &[(0, 4), (1, 3), (3, 2), (5, 1)]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn duplicates_and_lost_messages_are_no_disorder() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        story.sent(0, "orders-0", 2, 9);
        story.sent(0, "orders-0", 3, 1);
        story.finish("orders-0", &[(0, 1), (1, 3), (2, 1)]);
        assert_eq!(story.check(check), Checked::default());
    }
}
