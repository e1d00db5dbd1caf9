//! `nonmonotonic-send`: two messages that one process sent to one topic partition one after the other, both
//! acknowledged, are in the log in the opposite order.
//!
//! Formally: m was invoked before n by the same process, both have a completion `ok`, and the first offset of n in the log
//! is below the first offset of m. The log is the complete final reads, or what one process read where they are not.
//!
//! Source: `nonmonotonic-send` of `jepsen.tests.kafka`; KIP-98 for when order is kept.
//!
//! No false alarms, because:
//! * Only processes whose settings promise order are judged (`Order::Kept` in the history's table). If nobody says what a
//!   process was promised, and its messages are out of order, that is unknown.
//! * A message's place is the log's word, not the acknowledgement's. Of a duplicate the first copy counts; later ones are
//!   `duplicate`'s matter. A message that is gone is `lost-write`'s matter, and is left out rather than compared by an
//!   offset that has since been given away.
//! * Without complete final reads only what one process was given on its way up counts: then one log had both. Otherwise, and
//!   for a message that nobody read and whose acknowledged offset stands in, either the order was broken or the log was cut
//!   and its offsets given away again: that is unknown.
//! * Sends that failed or whose end is unknown are left out: they promised nothing.
//! * Equal offsets are `inconsistent-offsets`' matter.
//!
//! Each message is compared with the one before it, as Jepsen does, so that one message that is far out of place is
//! counted once or twice and not once for each that it passed.

use std::collections::BTreeMap;

use broker_core::types::{Offset, TopicPartition};

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted};
use super::index::{HistoryIndex, Outcome, PartitionIndex, SendRecord};
use crate::history::{MessageId, Order, ProcessId};

/// Finds sends out of order, at most one violation per topic partition. Counts pairs of successive messages.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions() {
        let mut previous: BTreeMap<ProcessId, (MessageId, Offset)> = BTreeMap::new();
        let (mut examples, mut given_away, mut unpromised) = (Vec::new(), 0, 0);
        for send in &partition.sends {
            let order = index.order(send.process);
            let Some(offset) = place(partition, send).filter(|_| order != Some(Order::Any)) else {
                continue;
            };
            let before = previous.insert(send.process, (send.message, offset));
            let Some(before) = before.filter(|(_, before)| offset < *before) else {
                continue;
            };
            let certain = partition.final_end.is_some() || partition.was_read_together(offset, before.1);
            match (certain, order) {
                (false, _) => given_away += 1,
                (true, None) => unpromised += 1,
                (true, Some(_)) => examples.push(reference(send, offset, before)),
            }
        }
        checked.unknown.extend(unknown(topic_partition, given_away, unpromised));
        if let Some(first) = examples.first() {
            let count = examples.len();
            let pairs = counted(count, "pair");
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

fn unknown(topic_partition: &TopicPartition, given_away: usize, unpromised: usize) -> Vec<String> {
    let mut reasons = Vec::new();
    if 0 < given_away {
        let pairs = counted(given_away, "pair");
        reasons.push(format!(
            "nobody read all of {topic_partition}: nobody knows whether {pairs} of messages are out of order, or \
             their offsets were given away twice"
        ));
    }
    if 0 < unpromised {
        let pairs = counted(unpromised, "pair");
        reasons.push(format!(
            "{pairs} of messages of {topic_partition} are out of order, and the table of processes does not say whether \
             order was promised"
        ));
    }
    reasons
}

fn place(partition: &PartitionIndex, send: &SendRecord) -> Option<Offset> {
    let Outcome::Ok { offset, .. } = send.outcome else {
        return None;
    };
    let promised = offset.filter(|_| partition.final_end.is_none());
    partition.log().first_offset(send.message).or(promised)
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
    use super::super::testing::{SLOPPY, STRANGER, Story};
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
    fn without_final_reads_what_was_read_in_the_opposite_order_is_a_violation() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 5);
        story.sent(0, "orders-0", 2, 3);
        story.poll("orders-0", &[(3, 2), (5, 1)]);
        let checked = story.check(check);
        assert_eq!((checked.violations.len(), checked.unknown.len()), (1, 0));
    }

    #[test]
    fn without_final_reads_what_two_runs_read_may_be_of_two_lives_of_the_log() {
        let runs: [fn(&mut Story); 3] = [
            |story| story.seek("orders-0", Some(3)),
            |story| story.poll("orders-0", &[(2, 3)]),
            // Its place had another record before.
            |story| story.poll_by(8, "orders-0", &[(3, 7)]),
        ];
        for between in runs {
            let mut story = Story::new();
            story.sent(0, "orders-0", 1, 5);
            story.sent(0, "orders-0", 2, 3);
            story.poll("orders-0", &[(5, 1)]);
            between(&mut story);
            story.poll("orders-0", &[(3, 2)]);
            let checked = story.check(check);
            assert_eq!((checked.violations.len(), checked.unknown.len()), (0, 1));
        }
    }

    #[test]
    fn what_nobody_knows_the_promise_of_is_unknown_if_it_is_out_of_order() {
        for (offsets, reasons) in [([0, 1], 0), ([1, 0], 1)] {
            let mut story = Story::new();
            story.sent(STRANGER.0, "orders-0", 1, offsets[0]);
            story.sent(STRANGER.0, "orders-0", 2, offsets[1]);
            let mut log = [(offsets[0], 1), (offsets[1], 2)];
            log.sort_unstable();
            story.finish("orders-0", &log);
            let checked = story.check(check);
            assert_eq!((checked.violations.len(), checked.unknown.len()), (0, reasons), "{offsets:?}");
        }
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
