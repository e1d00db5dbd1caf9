//! `inconsistent-offsets`: one offset of a topic partition has had two messages, or a message is elsewhere than its
//! acknowledgement said, as acknowledgements, polls and final reads say.
//!
//! Formally: there are claims (o, m) and (o, n) with m != n, where a claim is a completion `ok` of m with offset o, or a
//! poll, ongoing or final, that returned m at o. Or m, whose producer is idempotent, has a completion `ok` with offset o,
//! polls returned m only at other offsets, and nobody saw any record at o.
//!
//! Source: `inconsistent-offsets` of `jepsen.tests.kafka` (errors of `version-orders`).
//!
//! No false alarms, because an offset below the high watermark belongs to one record for good; an acknowledged offset is
//! below it, and so is a polled one. A send that ended as `info` claims nothing, whatever a broker said on the way. With
//! `acks=1` an acknowledged record may still be overwritten: that is a lost write, and shows here too.
//!
//! Nor because a message was lost and sent again: what was not acknowledged yet is acknowledged once, where it is in the
//! end. Without idempotence a retry may have written it twice, which is `duplicate`'s matter.

use broker_core::types::Offset;

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted};
use super::index::{HistoryIndex, Outcome, Seen, SendRecord};

/// Finds inconsistent offsets, at most one violation per topic partition. Counts offsets.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions() {
        let claims = partition.claims();
        let conflicts: Vec<&[Seen]> =
            claims.chunk_by(|a, b| a.offset == b.offset).filter(|claims| 1 < claims.len()).collect();
        let misplaced: Vec<_> =
            partition.misplaced().filter(|(send, ..)| index.is_idempotent(send.process)).collect();
        let mut summaries = Vec::new();
        if let Some(first) = conflicts.first() {
            summaries.push(format!(
                "{} of {topic_partition} had more than one message: offset {} had {}",
                counted(conflicts.len(), "offset"),
                first[0].offset,
                messages(first)
            ));
        }
        if let Some((send, acknowledged, seen)) = misplaced.first() {
            summaries.push(format!(
                "{} of {topic_partition} elsewhere than acknowledged: {} was acknowledged at offset {acknowledged}, and \
                 read at {seen}",
                counted(misplaced.len(), "message"),
                send.message
            ));
        }
        if summaries.is_empty() {
            continue;
        }
        let count = conflicts.len() + misplaced.len();
        let mut examples: Vec<MessageRef> =
            conflicts.iter().copied().flatten().map(|claim| index.reference(claim, None)).collect();
        examples.extend(misplaced.into_iter().map(reference));
        checked.violations.push(Violation::new(
            Anomaly::InconsistentOffsets,
            topic_partition,
            summaries.join("; "),
            count,
            examples,
        ));
    }
    checked
}

fn reference((send, acknowledged, seen): (&SendRecord, Offset, Offset)) -> MessageRef {
    let operation = match send.outcome {
        Outcome::Ok { completed, .. } => completed,
        Outcome::Fail | Outcome::Info => send.invoked,
    };
    MessageRef {
        message: Some(send.message),
        offset: Some(acknowledged),
        process: Some(send.process),
        operation,
        note: Some(format!("read at {seen}")),
    }
}

fn messages(claims: &[Seen]) -> String {
    let name = |claim: &Seen| match claim.message {
        Some(message) => message.to_string(),
        None => "a value nobody writes".to_owned(),
    };
    claims.iter().map(name).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SLOPPY, Story, id};
    use super::*;
    use crate::history::PolledRecord;

    #[test]
    fn acknowledgement_polls_and_final_reads_that_agree_are_fine() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        story.sent(0, "orders-1", 2, 0);
        story.poll("orders-0", &[(0, 1)]);
        story.finish("orders-0", &[(0, 1)]);
        story.finish("orders-1", &[(0, 2)]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn any_two_sources_can_disagree() {
        type Tell = fn(&mut Story);
        let cases: [Tell; 4] = [
            |story| story.sent(0, "orders-0", 2, 0),
            |story| story.poll("orders-0", &[(0, 2)]),
            |story| story.finish("orders-0", &[(0, 2)]),
            |story| {
                story.final_poll("orders-0", vec![PolledRecord { offset: Offset(0), message: None }]);
            },
        ];
        for (case, tell) in cases.into_iter().enumerate() {
            let mut story = Story::new();
            story.sent(0, "orders-0", 1, 0);
            tell(&mut story);
            let violations = story.check(check).violations;
            assert_eq!(violations.len(), 1, "case {case}");
            assert_eq!(violations[0].count, 1);
            assert_eq!(violations[0].examples.len(), 2);
            assert!(violations[0].examples.iter().any(|example| example.message == Some(id(1))));
        }
    }

    #[test]
    fn a_message_that_is_elsewhere_than_acknowledged_is_found_with_and_without_final_reads() {
        let tell: [fn(&mut Story); 2] = [
            |story| story.poll("orders-0", &[(0, 1), (1, 2)]),
            |story| story.finish("orders-0", &[(0, 1), (1, 2)]),
        ];
        for tell in tell {
            let mut story = Story::new();
            story.sent(0, "orders-0", 1, 10);
            story.sent(0, "orders-0", 2, 1);
            tell(&mut story);
            let violations = story.check(check).violations;
            assert_eq!(
                violations[0].summary,
                "1 message of orders-0 elsewhere than acknowledged: 0/1 was acknowledged at offset 10, and read at 0"
            );
            assert_eq!((violations[0].count, violations[0].examples.len()), (1, 1));
        }
    }

    #[test]
    fn what_was_read_where_it_was_acknowledged_or_may_be_written_twice_is_no_matter() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 3);
        story.poll("orders-0", &[(2, 1)]);
        story.poll_by(8, "orders-0", &[(3, 1)]);
        story.sent(SLOPPY, "orders-0", 2, 10);
        story.poll("orders-0", &[(5, 2)]);
        assert_eq!(story.check(check), Checked::default());
    }

    #[test]
    fn the_summary_names_the_first_offset() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 3);
        story.finish("orders-0", &[(3, 2)]);
        assert_eq!(
            story.check(check).violations[0].summary,
            "1 offset of orders-0 had more than one message: offset 3 had 0/1 and 0/2"
        );
    }
}
