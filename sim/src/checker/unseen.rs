//! `unseen`: a message was acknowledged, nobody ever read it, and nobody can say that it is lost.
//!
//! Formally: in a topic partition without complete final reads, some message has a completion `ok`, no poll returned it, and
//! it is no `lost-write`.
//!
//! Source: `unseen` of `jepsen.tests.kafka`.
//!
//! No false alarms, because this is never an alarm: the verdict is unknown, with how many and which. It is no pass
//! either, for such a message may be gone. Jepsen counts it as an error; its tests poll until nothing is unseen.

use super::anomaly::{Checked, listed};
use super::index::{HistoryIndex, Outcome};
use super::lost_write::passed_over;
use crate::history::MessageId;

/// Finds what nobody has seen, at most one reason per topic partition.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in
        index.partitions().filter(|(_, partition)| partition.final_end.is_none())
    {
        let lost = passed_over(partition);
        let acknowledged = partition.sends.iter().filter(|send| matches!(send.outcome, Outcome::Ok { .. }));
        let unseen: Vec<MessageId> = acknowledged
            .clone()
            .map(|send| send.message)
            .filter(|message| partition.seen.first_offset(*message).is_none())
            .filter(|message| lost.binary_search(message).is_err())
            .collect();
        if !unseen.is_empty() {
            let why = if index.has_final_reads() {
                "its final reads are incomplete"
            } else {
                "there are no final reads"
            };
            let (count, of, named) = (unseen.len(), acknowledged.count(), listed(&unseen));
            checked.unknown.push(format!(
                "{count} of {of} acknowledged records of {topic_partition} were never read, and {why}: nobody knows about {named}"
            ));
        }
    }
    checked
}

#[cfg(test)]
mod tests {
    use super::super::testing::Story;
    use super::*;

    fn ten() -> Story {
        let mut story = Story::new();
        for message in 0..10 {
            story.sent(0, "orders-0", message, i64::from(message));
        }
        story
    }

    #[test]
    fn what_was_read_or_is_lost_or_finally_read_is_not_unseen() {
        let mut story = ten();
        let log: Vec<(i64, u32)> = (0..10).map(|message| (i64::from(message), message)).collect();
        story.poll("orders-0", &log[..4]);
        story.poll("orders-0", &log[5..]);
        assert_eq!(story.check(check), Checked::default());
        let mut story = ten();
        story.finish("orders-0", &log[1..]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn what_nobody_read_is_unknown_and_named() {
        let mut story = ten();
        story.invoke(0, "orders-0", 10);
        story.info(0, "orders-0", 10);
        story.poll("orders-0", &(0..8).map(|message| (i64::from(message), message)).collect::<Vec<_>>());
        let checked = story.check(check);
        assert_eq!(checked.violations, []);
        let expected = "2 of 10 acknowledged records of orders-0 were never read, and there are no final reads: nobody knows \
                        about messages 0/8, 0/9";
        assert_eq!(checked.unknown, [expected]);
    }

    #[test]
    fn incomplete_final_reads_are_unknown_and_not_a_pass() {
        let mut story = ten();
        story.final_poll("orders-0", Vec::new());
        story.finish("orders-1", &[]);
        let checked = story.check(check);
        assert!(checked.violations.is_empty());
        assert!(checked.unknown[0].starts_with("10 of 10 acknowledged"), "{checked:?}");
        assert!(checked.unknown[0].contains("its final reads are incomplete"), "{checked:?}");
    }
}
