//! `nonmonotonic-poll`: a process was given a record that is not above the one it had been given before, and nobody had
//! told it that it reads elsewhere.
//!
//! Formally: in one run of a process (from a seek, or its beginning, to the next seek) a record at a is followed by one at b,
//! and b <= a.
//!
//! Source: `nonmonotonic-poll` and `int-nonmonotonic-poll` of `jepsen.tests.kafka`.
//!
//! No false alarms, because a consumer's position only moves forward unless something moves it: a restart, an assignment, a
//! committed offset, a truncation that it noticed (KIP-320). Each of them is a seek in the history, and a seek ends the
//! run. Records of different processes, different topic partitions, and of ongoing and final reads are never compared.

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted};
use super::index::HistoryIndex;
use super::passage::Rewind;

/// Finds processes that were sent back, at most one violation per topic partition. Counts records.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions() {
        let note = |rewind: &Rewind| format!("process {} had been given {}", rewind.process, rewind.after);
        let examples: Vec<MessageRef> = partition
            .rewinds
            .iter()
            .map(|rewind| index.reference(&rewind.seen, Some(note(rewind))))
            .collect();
        let Some(first) = examples.first() else { continue };
        let count = examples.len();
        let records = counted(count, "record");
        let summary = format!("{records} of {topic_partition} given to who had read further: {first}");
        let violation = Violation::new(Anomaly::NonmonotonicPoll, topic_partition, summary, count, examples);
        checked.violations.push(violation);
    }
    checked
}

#[cfg(test)]
mod tests {
    use super::super::testing::Story;
    use super::*;

    fn three() -> Story {
        let mut story = Story::new();
        for message in 0..3 {
            story.sent(0, "orders-0", message, i64::from(message));
        }
        story
    }

    #[test]
    fn other_processes_partitions_and_final_reads_are_not_compared() {
        let mut story = three();
        story.sent(0, "orders-1", 3, 0);
        story.poll("orders-0", &[(1, 1), (2, 2)]);
        story.poll_by(8, "orders-0", &[(0, 0)]);
        story.poll("orders-1", &[(0, 3)]);
        story.finish("orders-0", &[(0, 0), (1, 1), (2, 2)]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn the_same_record_again_and_an_earlier_one_are_found_within_and_between_polls() {
        let polls: [&[&[(i64, u32)]]; 3] =
            [&[&[(0, 0), (0, 0)]], &[&[(1, 1)], &[(0, 0), (1, 1)]], &[&[(2, 2)], &[(1, 1)]]];
        for polls in polls {
            let mut story = three();
            polls.iter().for_each(|records| story.poll("orders-0", records));
            let violations = story.check(check).violations;
            assert_eq!((violations.len(), violations[0].count), (1, 1), "{polls:?}");
        }
    }

    #[test]
    fn the_summary_names_the_process_and_both_offsets() {
        let mut story = three();
        story.poll("orders-0", &[(2, 2), (1, 1)]);
        assert_eq!(
            story.check(check).violations[0].summary,
            "1 record of orders-0 given to who had read further: message 0/1 at offset 1, process 9 had been given 2 (operation 6)"
        );
    }

    #[test]
    fn who_was_told_may_go_back() {
        let mut story = three();
        story.poll("orders-0", &[(1, 1), (2, 2)]);
        story.seek("orders-0", Some(0));
        story.poll("orders-0", &[(0, 0), (1, 1)]);
        story.seek_everywhere();
        story.poll("orders-0", &[(0, 0)]);
        assert_eq!(story.check(check), Checked::default());
    }
}
