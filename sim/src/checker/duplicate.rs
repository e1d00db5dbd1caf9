//! `duplicate`: one message is at two offsets of its topic partition.
//!
//! Formally: final reads returned a message at offsets a and b, a != b, in a topic partition whose final reads are
//! complete; or one run of a process did on its way up, where they are not.
//!
//! Source: `duplicate` of `jepsen.tests.kafka`; KIP-98 for when none may be. A send that ended as `info` may be in the log,
//! and so may any other, but with idempotence only once.
//!
//! A violation whether or not the producer is idempotent: the history shows it, and the scenario says whether its
//! settings allow it.
//!
//! No false alarms, because final reads see one state of the log, and so does who is given both copies on its way up. What
//! different runs saw at different offsets may have been lost in between and written again: without final reads that is
//! unknown, with them it is no matter. Unknown is also a message that was read only elsewhere than it was acknowledged,
//! if its producer is not idempotent; else that is `inconsistent-offsets`. A message in a topic partition it was not sent to is a `phantom` there.

use broker_core::types::{Offset, TopicPartition};

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted, listed};
use super::index::{HistoryIndex, PartitionIndex, SendRecord};
use crate::history::MessageId;

/// Finds duplicates, at most one violation per topic partition. Counts messages.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions() {
        let same_message = |a: &(MessageId, Offset), b: &(MessageId, Offset)| a.0 == b.0;
        let copies =
            partition.log().by_message().chunk_by(same_message).filter(|copies| 1 < copies.len()).filter_map(
                |copies| {
                    let (sent_to, send) = index.send_of(copies[0].0)?;
                    (sent_to == topic_partition).then_some((send, copies))
                },
            );
        let (certain, doubtful): (Vec<Copies<'_>>, Vec<Copies<'_>>) =
            copies.partition(|(_, copies)| is_certain(partition, copies));
        if !doubtful.is_empty() {
            let messages: Vec<MessageId> = doubtful.iter().map(|(send, _)| send.message).collect();
            checked.unknown.push(format!(
                "{} of {topic_partition} were read at more than one offset, but not by one reader at once: nobody knows \
                 whether they are there twice, or were lost and written again: {}",
                counted(messages.len(), "message"),
                listed(&messages)
            ));
        }
        let misplaced = partition.misplaced().filter(|(send, ..)| !index.is_idempotent(send.process));
        let misplaced: Vec<MessageId> = misplaced.map(|(send, ..)| send.message).collect();
        if !misplaced.is_empty() {
            checked.unknown.push(format!(
                "{} of {topic_partition} were acknowledged at an offset where nobody saw them, and read at another: \
                 nobody knows whether they are duplicates: {}",
                counted(misplaced.len(), "message"),
                listed(&misplaced)
            ));
        }
        checked.violations.extend(violation(index, topic_partition, &certain));
    }
    checked
}

/// A send, and where its message is.
type Copies<'i> = (&'i SendRecord, &'i [(MessageId, Offset)]);

fn is_certain(partition: &PartitionIndex, copies: &[(MessageId, Offset)]) -> bool {
    partition.final_end.is_some()
        || copies.windows(2).any(|pair| partition.was_read_together(pair[0].1, pair[1].1))
}

fn violation(
    index: &HistoryIndex,
    topic_partition: &TopicPartition,
    copies: &[Copies<'_>],
) -> Option<Violation> {
    if copies.is_empty() {
        return None;
    }
    let messages: Vec<MessageId> = copies.iter().map(|(send, _)| send.message).collect();
    let promised = copies.iter().filter(|(send, _)| index.is_idempotent(send.process)).count();
    let summary = format!(
        "{} of {topic_partition} at more than one offset, {promised} of them from idempotent producers: {}",
        counted(messages.len(), "message"),
        listed(&messages)
    );
    let examples = copies.iter().map(|(send, copies)| reference(send, copies)).collect();
    Some(Violation::new(Anomaly::Duplicate, topic_partition, summary, copies.len(), examples))
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
    fn what_two_readers_saw_at_two_offsets_may_have_been_written_again() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        story.poll("orders-0", &[(0, 1)]);
        story.poll_by(8, "orders-0", &[(7, 1)]);
        let checked = story.check(check);
        assert_eq!((checked.violations.len(), checked.unknown.len()), (0, 1), "{checked:?}");
    }

    #[test]
    fn without_idempotence_what_is_elsewhere_than_acknowledged_may_be_there_twice() {
        for (process, unknown) in [(0, 0), (SLOPPY, 1)] {
            let mut story = Story::new();
            story.sent(process, "orders-0", 1, 7);
            story.poll("orders-0", &[(4, 1)]);
            let checked = story.check(check);
            assert_eq!((checked.violations.len(), checked.unknown.len()), (0, unknown), "{checked:?}");
        }
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
