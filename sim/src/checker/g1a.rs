//! `G1a`: some poll returned a message whose send failed (Adya's aborted read).
//!
//! Formally: some message has a completion `fail`, and a poll, ongoing or final, of the topic partition it was sent to
//! returned it.
//!
//! Source: `G1a` of `jepsen.tests.kafka`, after A. Adya's thesis; KAFKA-13574 for a client that says `fail` too readily.
//!
//! No false alarms, because a send fails only if it was never sent, or every attempt was refused before the append, so
//! that the application may send it anew without fear of a duplicate. A send that timed out is not failed, and its
//! message may be read.

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted, listed};
use super::index::{HistoryIndex, Outcome};
use crate::history::MessageId;

/// Finds reads of failed sends, at most one violation per topic partition. Counts records.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions() {
        if partition.sends.iter().all(|send| send.outcome != Outcome::Fail) {
            continue;
        }
        let has_failed = |message: MessageId| {
            index
                .send_of(message)
                .is_some_and(|(sent_to, send)| sent_to == topic_partition && send.outcome == Outcome::Fail)
        };
        let examples: Vec<MessageRef> = partition
            .seen
            .by_offset()
            .iter()
            .filter(|seen| seen.message.is_some_and(has_failed))
            .map(|seen| index.reference(seen, None))
            .collect();
        if examples.is_empty() {
            continue;
        }
        let messages: Vec<MessageId> = examples.iter().filter_map(|example| example.message).collect();
        let count = examples.len();
        let records = counted(count, "record");
        let summary =
            format!("{records} of {topic_partition} read although the send failed: {}", listed(&messages));
        checked.violations.push(Violation::new(Anomaly::G1a, topic_partition, summary, count, examples));
    }
    checked
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Story, id};
    use super::*;

    #[test]
    fn a_failed_send_that_nobody_reads_and_an_unknown_one_that_somebody_does_are_fine() {
        let mut story = Story::new();
        story.invoke(0, "orders-0", 1);
        story.fail(0, "orders-0", 1);
        story.invoke(0, "orders-0", 2);
        story.info(0, "orders-0", 2);
        story.invoke(0, "orders-0", 3);
        story.finish("orders-0", &[(0, 2), (1, 3)]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn any_poll_that_returns_a_failed_message_counts() {
        for last in [false, true] {
            let mut story = Story::new();
            story.invoke(0, "orders-0", 1);
            if last {
                story.fail(0, "orders-0", 1);
                story.finish("orders-0", &[(4, 1)]);
            } else {
                // Read first, failed later: what counts is what the producer was told in the end.
                story.poll("orders-0", &[(4, 1)]);
                story.fail(0, "orders-0", 1);
                story.finish("orders-0", &[]);
            }
            let violations = story.check(check).violations;
            assert_eq!(
                violations[0].summary,
                "1 record of orders-0 read although the send failed: message 0/1"
            );
            assert_eq!(violations[0].examples[0].message, Some(id(1)));
        }
    }
}
