//! `poll-skip`: a process went on behind records that were there, without having been given them before.
//!
//! Formally: in one run of a process (from a seek, or its beginning, to the next seek) it is given a record at b, nothing in
//! [a, b) of which a is the next offset of the run so far, and some o in [a, b) is known to hold a record. Known are
//! offsets that anybody was given or that were acknowledged. Where the final reads are complete only what they found
//! there counts: what is gone is `lost-write`'s matter.
//!
//! Source: `poll-skip` and `int-poll-skip` of `jepsen.tests.kafka`; there `assign` and `subscribe` are what a seek is here.
//!
//! No false alarms, because:
//! * A consumer reads in the order of offsets, and may leave out only offsets without a record (those of transaction
//!   markers, for instance). An offset that nobody saw and nobody was promised is none that this counts.
//! * A record at b was below the high watermark when it was given, and so was then every record below b.
//! * A seek ends the run, whatever made the process read elsewhere. It must have been told so: see the history's format.
//! * What retention deleted may be passed over: nothing below the log start of the final reads counts. A consumer that
//!   meets a log start is reset, which is a seek.

use broker_core::types::Offset;

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted};
use super::index::{HistoryIndex, PartitionIndex, Seen};

/// Finds skipped records, at most one violation per topic partition. Counts records, once for each process that skipped.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions().filter(|(_, partition)| !partition.gaps.is_empty())
    {
        let known = known(partition);
        let (mut count, mut examples) = (0, Vec::new());
        for gap in &partition.gaps {
            let at = |offset: Offset| known.partition_point(|seen| seen.offset < offset);
            let from = at(gap.from.max(partition.final_start));
            let skipped = &known[from..at(gap.to).max(from)];
            count += skipped.len();
            examples.extend(skipped.first().map(|first| MessageRef {
                operation: gap.operation,
                note: Some(format!(
                    "process {} went from {} to {}, operation {} shows it",
                    gap.process, gap.from, gap.to, first.operation
                )),
                ..index.reference(first, None)
            }));
        }
        if let Some(first) = examples.first() {
            let records = counted(count, "record");
            let summary = format!("{records} of {topic_partition} passed over by who read on: {first}");
            let violation = Violation::new(Anomaly::PollSkip, topic_partition, summary, count, examples);
            checked.violations.push(violation);
        }
    }
    checked
}

fn known(partition: &PartitionIndex) -> Vec<Seen> {
    let mut known = partition.claims();
    if partition.final_end.is_some() {
        known.retain(|claim| partition.final_reads.has(claim.offset, claim.message));
    }
    known.dedup_by_key(|claim| claim.offset);
    known
}

#[cfg(test)]
mod tests {
    use super::super::testing::Story;
    use super::*;

    fn five() -> Story {
        let mut story = Story::new();
        for message in 0..5 {
            story.sent(0, "orders-0", message, i64::from(message));
        }
        story
    }

    const ALL: [(i64, u32); 5] = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)];

    #[test]
    fn who_reads_on_without_a_gap_or_begins_anywhere_skips_nothing() {
        let mut story = five();
        story.poll("orders-0", &ALL[2..3]);
        story.poll("orders-0", &ALL[3..]);
        story.finish("orders-0", &ALL);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn a_known_record_between_two_polls_or_within_one_is_skipped() {
        let cases: [fn(&mut Story); 4] = [
            |story| story.poll("orders-0", &[ALL[0], ALL[2]]),
            |story| {
                story.poll("orders-0", &ALL[..1]);
                story.poll("orders-0", &ALL[2..]);
            },
            |story| {
                story.seek("orders-0", Some(1));
                story.poll("orders-0", &ALL[2..]);
            },
            // It went back in between, and read on where it had not been.
            |story| {
                story.poll("orders-0", &[ALL[0], ALL[0], ALL[2]]);
            },
        ];
        for (case, tell) in cases.into_iter().enumerate() {
            for finished in [false, true] {
                let mut story = five();
                tell(&mut story);
                if finished {
                    story.finish("orders-0", &ALL);
                }
                let violations = story.check(check).violations;
                assert_eq!(violations.len(), 1, "case {case}");
                assert_eq!((violations[0].count, violations[0].examples.len()), (1, 1), "case {case}");
                assert_eq!(violations[0].examples[0].offset, Some(Offset(1)));
            }
        }
    }

    #[test]
    fn who_was_told_skips_nothing() {
        for everywhere in [false, true] {
            let mut story = five();
            story.poll("orders-0", &ALL[..1]);
            if everywhere {
                story.seek_everywhere();
            } else {
                story.seek("orders-0", None);
            }
            story.poll("orders-0", &ALL[3..]);
            assert_eq!(story.check(check), Checked::default());
        }
    }

    #[test]
    fn what_is_gone_was_deleted_or_was_never_there_is_not_skipped() {
        let mut gone = five();
        gone.poll("orders-0", &[ALL[0], ALL[2]]);
        gone.finish("orders-0", &[ALL[0], ALL[2], ALL[3], ALL[4]]);
        let mut deleted = five();
        deleted.poll("orders-0", &[ALL[0], ALL[3]]);
        deleted.finish_from("orders-0", 3, &ALL[3..]);
        let mut marker = Story::new();
        marker.sent(0, "orders-0", 0, 0);
        marker.sent(0, "orders-0", 2, 2);
        marker.poll("orders-0", &[ALL[0], ALL[2]]);
        for story in [gone, deleted, marker] {
            assert_eq!(story.check(check), Checked::default());
        }
    }

    #[test]
    fn what_it_was_given_before_it_went_back_is_not_skipped() {
        let mut story = five();
        story.poll("orders-0", &[ALL[0], ALL[1], ALL[2], ALL[0], ALL[3]]);
        assert_eq!(story.check(check), Checked::default());
    }
}
