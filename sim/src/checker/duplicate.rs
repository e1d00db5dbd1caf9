//! `duplicate`: one message is at two offsets of its topic partition.
//!
//! Formally: final reads returned a message at offsets a and b, a != b, in a topic partition whose final reads are
//! complete; or polls of anybody did, where they are not.
//!
//! Source: `duplicate` of `jepsen.tests.kafka`; KIP-98 for when none may be. A send that ended as `info` may be in the log,
//! and so may any other, but with idempotence only once.
//!
//! A violation whether or not the producer is idempotent: the history shows it, and the scenario says whether its
//! settings allow it.
//!
//! No false alarms, because final reads see one state of the log. Offsets of earlier polls count only where there is nothing
//! better: both records were below a high watermark when they were read, and what is committed stays, so that the message
//! is there twice, or a committed record is gone. With complete final reads that is left to `lost-write`. A message in a
//! topic partition it was not sent to is a `phantom` there.

use broker_core::types::Offset;

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted, listed};
use super::index::{HistoryIndex, SendRecord};
use crate::history::MessageId;

/// Finds duplicates, at most one violation per topic partition. Counts messages.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions() {
        let same_message = |a: &(MessageId, Offset), b: &(MessageId, Offset)| a.0 == b.0;
        let copies: Vec<(&SendRecord, &[(MessageId, Offset)])> = partition
            .log()
            .by_message()
            .chunk_by(same_message)
            .filter(|copies| 1 < copies.len())
            .filter_map(|copies| {
                let (sent_to, send) = index.send_of(copies[0].0)?;
                (sent_to == topic_partition).then_some((send, copies))
            })
            .collect();
        if copies.is_empty() {
            continue;
        }
        let messages: Vec<MessageId> = copies.iter().map(|(send, _)| send.message).collect();
        let promised = copies.iter().filter(|(send, _)| index.is_idempotent(send.process)).count();
        let summary = format!(
            "{} of {topic_partition} at more than one offset, {promised} of them from idempotent producers: {}",
            counted(messages.len(), "message"),
            listed(&messages)
        );
        let examples = copies.iter().map(|(send, copies)| reference(send, copies)).collect();
        let count = copies.len();
        checked.violations.push(Violation::new(
            Anomaly::Duplicate,
            topic_partition,
            summary,
            count,
            examples,
        ));
    }
    checked
}

fn reference(send: &SendRecord, copies: &[(MessageId, Offset)]) -> MessageRef {
    let others: Vec<String> = copies[1..].iter().map(|(_, offset)| offset.to_string()).collect();
    MessageRef {
        message: Some(send.message),
        offset: Some(copies[0].1),
        process: Some(send.process),
        operation: send.invoked,
        note: Some(format!("again at {}", others.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SLOPPY, Story};
    use super::*;

    #[test]
    fn one_message_at_one_offset_is_fine_however_often_it_is_read() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        story.poll("orders-0", &[(0, 1)]);
        story.poll("orders-0", &[(0, 1)]);
        story.finish("orders-0", &[(0, 1), (0, 1)]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn two_offsets_are_a_duplicate_and_the_promise_is_named() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        story.sent(SLOPPY, "orders-0", 2, 1);
        story.finish("orders-0", &[(0, 1), (1, 2), (2, 1), (3, 2), (4, 2)]);
        let violations = story.check(check).violations;
        assert_eq!(
            violations[0].summary,
            "2 messages of orders-0 at more than one offset, 1 of them from idempotent producers: messages 0/1, 0/2"
        );
        assert_eq!(violations[0].examples[1].note.as_deref(), Some("again at 3, 4"));
    }

    #[test]
    fn an_offset_that_only_an_earlier_poll_saw_counts_only_without_final_reads() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        story.poll("orders-0", &[(0, 1), (7, 1)]);
        assert_eq!(story.check(check).violations.len(), 1);
        story.finish("orders-0", &[(0, 1)]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn what_is_in_doubt_may_be_there_once() {
        for (copies, violations) in [(0, 0), (1, 0), (2, 1)] {
            let mut story = Story::new();
            story.invoke(0, "orders-0", 1);
            story.info(0, "orders-0", 1);
            story.finish("orders-0", &[(0, 1), (1, 1)][..copies]);
            let found = story.check(check).violations;
            assert_eq!(found.len(), violations, "{copies} copies");
            assert!(found.iter().all(|found| found.summary.contains("1 of them from idempotent producers")));
        }
    }
}
