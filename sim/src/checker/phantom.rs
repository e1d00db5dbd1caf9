//! `phantom`: some poll returned a value that no client writes, a message that was never sent, or one that was sent to
//! another topic partition. Corruption that slipped through a checksum looks like this, and so does a misdirected write.
//!
//! Formally: a poll, ongoing or final, of a topic partition returned a value that is no message, or a message of which the
//! history has no invocation for that topic partition.
//!
//! Source: what Jepsen's checkers assert to be impossible: a value without a writer (`writer-of` of
//! `jepsen.tests.kafka`).
//!
//! No false alarms, because a history has every send of every client that writes to its topics, and a send is invoked before
//! anything of it leaves the client. Whether the poll came before the invocation is not asked: clocks and lines of two
//! clients need not agree.

use broker_core::types::TopicPartition;

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted};
use super::index::{HistoryIndex, Seen};

/// Finds phantoms, at most one violation per topic partition. Counts records.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions() {
        let examples: Vec<MessageRef> = partition
            .seen
            .by_offset()
            .iter()
            .filter_map(|seen| {
                let why = why_phantom(index, topic_partition, seen)?;
                Some(index.reference(seen, Some(why)))
            })
            .collect();
        let Some(first) = examples.first() else {
            continue;
        };
        let count = examples.len();
        let records = counted(count, "record");
        let summary = format!("{records} of {topic_partition} that nobody sent there: {first}");
        checked.violations.push(Violation::new(Anomaly::Phantom, topic_partition, summary, count, examples));
    }
    checked
}

fn why_phantom(index: &HistoryIndex, topic_partition: &TopicPartition, seen: &Seen) -> Option<String> {
    let Some(message) = seen.message else {
        return Some("not a message".to_owned());
    };
    match index.send_of(message) {
        None => Some("never sent".to_owned()),
        Some((sent_to, _)) if sent_to != topic_partition => Some(format!("sent to {sent_to}")),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use broker_core::types::Offset;

    use super::super::testing::Story;
    use super::*;
    use crate::history::PolledRecord;

    #[test]
    fn whatever_was_sent_there_may_be_read() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        story.invoke(0, "orders-0", 2);
        story.finish("orders-0", &[(0, 1), (1, 2)]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn three_kinds_of_phantoms() {
        let mut story = Story::new();
        story.sent(0, "orders-1", 1, 0);
        story.poll("orders-0", &[(0, 1), (1, 77)]);
        story.final_poll("orders-0", vec![PolledRecord { offset: Offset(2), message: None }]);
        let violations = story.check(check).violations;
        let notes: Vec<_> =
            violations[0].examples.iter().filter_map(|example| example.note.as_deref()).collect();
        assert_eq!(notes, ["sent to orders-1", "never sent", "not a message"]);
        assert_eq!(
            violations[0].summary,
            "3 records of orders-0 that nobody sent there: message 0/1 at offset 0, sent to orders-1 (operation 2)"
        );
    }
}
