//! `lost-write`: a message that was acknowledged, or that some poll returned, is gone.
//!
//! Formally, for a topic partition whose final reads are complete: some message m has a completion `ok`, or a poll returned
//! it and its send did not fail, and no final read returned it. Without complete final reads: m has a completion `ok` with
//! offset o, no poll of anybody returned m, nobody saw another record at o, and some process passed over o in one run (it
//! was given a record at b, and nothing from a to b, where a is the next offset of its run, and a <= o < b).
//!
//! Source: `lost-write` of `jepsen.tests.kafka`. Jepsen takes all offsets below the highest that was read; this takes only
//! those that one process demonstrably passed over.
//!
//! No false alarms, because:
//! * Final reads read from the start to the high watermark after everything has healed, by definition. What they do not
//!   find nobody will. A message that a poll returned was below a high watermark, hence committed, and stays.
//! * Without them, a consumer that merely has not polled there, or began above, passed over nothing. Who is given b was
//!   entitled to every record below b that its run had not seen, and one that was acknowledged at o is such a record.
//!   Had a poll returned it late, to anybody, it would have been seen. If another record was seen at o, one of the two is
//!   gone, but nobody knows which: that is `inconsistent-offsets`.
//! * What retention deleted is not lost: it was below the log start when the final reads were made. A topic without
//!   retention has no such start. Of a topic that has one, a record that was lost first and whose offset was deleted
//!   later counts as deleted: nobody can tell any more. Without final reads a consumer that meets a log start is reset,
//!   which is a seek, and a seek ends the run.
//! * What was neither acknowledged nor read before the final reads were complete may have been written behind them: if
//!   they did not find it that is unknown.
//! * A message whose send failed does not count (that is `G1a`'s matter), and one that ended as `info` only once it was read.
//!
//! Begun but incomplete final reads leave unknown what became of records that were read; never a pass. Of acknowledged
//! records that nobody read `unseen` says so. Where nobody even began, a record that was read once counts as safe, as in
//! Jepsen.

use broker_core::types::{Offset, TopicPartition};

use super::anomaly::{Anomaly, Checked, MessageRef, Violation, counted, listed};
use super::index::{HistoryIndex, Outcome, PartitionIndex, SendRecord};
use super::passage;
use super::place::{Left, span};
use crate::history::MessageId;

/// A message that must still be there.
struct Due<'i> {
    send: &'i SendRecord,
    /// Where the acknowledgement or else a poll says it is.
    offset: Option<Offset>,
    /// Acknowledged, and not only read.
    acknowledged: bool,
}

impl Due<'_> {
    /// Whether the final reads, which are complete, did not find it.
    fn is_gone(&self, partition: &PartitionIndex) -> bool {
        partition.final_reads.first_offset(self.send.message).is_none()
    }

    /// Whether they had to.
    fn is_lost(&self, partition: &PartitionIndex) -> bool {
        self.is_gone(partition) && !partition.is_late(self.send)
    }
}

/// A message that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostRecord {
    /// Which.
    pub message: MessageId,
    /// Where the acknowledgement or else a poll says it was.
    pub offset: Option<Offset>,
    /// Index of the operation that says so.
    pub shown: u64,
}

/// Every message of a topic partition that is gone, in the order of offsets; those of unknown offset last.
pub fn lost(partition: &PartitionIndex) -> Vec<LostRecord> {
    let shown = |due: &Due<'_>| match due.send.outcome {
        Outcome::Ok { completed, .. } => completed,
        Outcome::Info | Outcome::Fail => {
            let message = Some(due.send.message);
            let seen = partition.seen.by_offset();
            let first = seen.partition_point(|seen| Some(seen.offset) < due.offset);
            let seen = seen[first..].iter().find(|seen| seen.message == message);
            seen.map_or(due.send.invoked, |seen| seen.operation)
        }
    };
    let record =
        |due: &Due<'_>| LostRecord { message: due.send.message, offset: due.offset, shown: shown(due) };
    gone(partition, &due(partition)).into_iter().map(record).collect()
}

/// Those of the messages that must be there and are not.
fn gone<'d, 'i>(partition: &PartitionIndex, due: &'d [Due<'i>]) -> Vec<&'d Due<'i>> {
    if partition.final_end.is_some() {
        return due.iter().filter(|due| due.is_lost(partition)).collect();
    }
    let passed_over = passed_over(partition);
    due.iter().filter(|due| passed_over.binary_search(&due.send.message).is_ok()).collect()
}

/// Finds lost writes, at most one violation per topic partition.
pub fn check(index: &HistoryIndex) -> Checked {
    let mut checked = Checked::default();
    for (topic_partition, partition) in index.partitions() {
        let mut due = due(partition);
        if due.is_empty() {
            continue;
        }
        // A probe that is there is no part of what could have been lost.
        due.retain(|due| !index.is_probe(due.send.process) || due.is_lost(partition));
        if partition.final_end.is_some() {
            checked.unknown.extend(late(topic_partition, partition, &due));
            due.retain(|due| !due.is_gone(partition) || due.is_lost(partition));
            if let Some(reason) = somewhere(topic_partition, partition, &due) {
                checked.unknown.push(reason);
                continue;
            }
        } else {
            let read =
                due.iter().filter(|due| partition.seen.first_offset(due.send.message).is_some()).count();
            if 0 < read && index.has_final_reads() {
                let records = counted(read, "record");
                checked.unknown.push(format!(
                    "the final reads of {topic_partition} are incomplete: nobody knows what became of {records} that consumers had read"
                ));
            }
        }
        checked.violations.extend(violation(index, topic_partition, &due, &gone(partition, &due)));
    }
    checked
}

/// Acknowledged messages that nobody read although somebody read on behind them, sorted.
pub(super) fn passed_over(partition: &PartitionIndex) -> Vec<MessageId> {
    if partition.gaps.is_empty() {
        return Vec::new();
    }
    let mut acknowledged: Vec<(Offset, MessageId)> = partition
        .sends
        .iter()
        .filter_map(|send| match send.outcome {
            Outcome::Ok { offset, .. } => Some((offset?, send.message)),
            Outcome::Fail | Outcome::Info => None,
        })
        .collect();
    acknowledged.sort_unstable();
    let at = |offset: Offset| acknowledged.partition_point(|(acknowledged, _)| *acknowledged < offset);
    let there = |offset: Offset| {
        let seen = partition.seen.by_offset();
        seen.binary_search_by_key(&offset, |seen| seen.offset).is_ok()
    };
    let ranges = passage::passed_over(&partition.gaps);
    let within = ranges.iter().flat_map(|range| &acknowledged[at(range.start)..at(range.end)]);
    let unread = |(offset, message): &&(Offset, MessageId)| {
        !there(*offset) && partition.seen.first_offset(*message).is_none()
    };
    let mut messages: Vec<MessageId> = within.filter(unread).map(|(_, message)| *message).collect();
    messages.sort_unstable();
    messages.dedup();
    messages
}

/// How many acknowledged messages retention deleted.
pub fn deleted_by_retention(index: &HistoryIndex) -> u64 {
    let deleted = |partition: &PartitionIndex| {
        let sends = partition.sends.iter().filter(|send| {
            let Outcome::Ok { offset, .. } = send.outcome else { return false };
            if index.is_probe(send.process) {
                return false;
            }
            let offset = offset.or(partition.seen.first_offset(send.message));
            offset.is_some_and(|offset| partition.is_deleted(send.message, offset))
        });
        sends.count() as u64
    };
    index.partitions().map(|(_, partition)| deleted(partition)).sum()
}

/// How many acknowledged messages are gone: what [`check`] counts, without those that were only read. Means something only
/// where [`check`] has nothing unknown.
pub fn acknowledged_lost(index: &HistoryIndex) -> u64 {
    let lost = |partition: &PartitionIndex| {
        due(partition).iter().filter(|due| due.acknowledged && due.is_lost(partition)).count() as u64
    };
    index.partitions().map(|(_, partition)| lost(partition)).sum()
}

/// Messages that are gone, and nobody knows whether they were where retention deletes.
fn somewhere(
    topic_partition: &TopicPartition,
    partition: &PartitionIndex,
    due: &[Due<'_>],
) -> Option<String> {
    let somewhere = |due: &&Due<'_>| {
        due.offset.is_none() && partition.final_reads.first_offset(due.send.message).is_none()
    };
    let gone = due.iter().filter(somewhere).count();
    (Offset::ZERO < partition.final_start && 0 < gone).then(|| {
        let records = counted(gone, "acknowledged record");
        format!(
            "nobody knows whether {records} of {topic_partition} were below the log start {}",
            partition.final_start
        )
    })
}

/// Messages that the final reads did not find, and that may have been written after them.
fn late(topic_partition: &TopicPartition, partition: &PartitionIndex, due: &[Due<'_>]) -> Option<String> {
    let late = due.iter().filter(|due| due.is_gone(partition) && partition.is_late(due.send));
    let late: Vec<MessageId> = late.map(|due| due.send.message).collect();
    (!late.is_empty()).then(|| {
        format!(
            "{} of {topic_partition} acknowledged or read only after its final reads were complete: nobody knows about {}",
            counted(late.len(), "record"),
            listed(&late)
        )
    })
}

/// In the order of offsets; those of unknown offset last. Without those that retention deleted.
fn due(partition: &PartitionIndex) -> Vec<Due<'_>> {
    let mut due: Vec<Due<'_>> = partition
        .sends
        .iter()
        .filter_map(|send| {
            let seen = partition.seen.first_offset(send.message);
            match send.outcome {
                Outcome::Ok { offset, .. } => Some(Due { send, offset: offset.or(seen), acknowledged: true }),
                Outcome::Info => seen.map(|offset| Due { send, offset: Some(offset), acknowledged: false }),
                Outcome::Fail => None,
            }
        })
        .filter(|due| due.offset.is_none_or(|offset| !partition.is_deleted(due.send.message, offset)))
        .collect();
    due.sort_by_key(|due| (due.offset.is_none(), due.offset, due.send.invoked));
    due
}

fn violation(
    index: &HistoryIndex,
    topic_partition: &TopicPartition,
    due: &[Due<'_>],
    lost: &[&Due<'_>],
) -> Option<Violation> {
    if lost.is_empty() {
        return None;
    }
    let acknowledged = due.iter().filter(|due| due.acknowledged).count();
    let acknowledged_lost = lost.iter().filter(|due| due.acknowledged).count();
    let read_lost = lost.len() - acknowledged_lost;
    let subject = match (acknowledged_lost, read_lost) {
        (0, _) => {
            format!("{} of {topic_partition} that a consumer had read", counted(read_lost, "record"))
        }
        (_, 0) => format!("{acknowledged_lost} of {acknowledged} acknowledged records of {topic_partition}"),
        _ => format!(
            "{acknowledged_lost} of {acknowledged} acknowledged records of {topic_partition}, and {read_lost} that a consumer had read,"
        ),
    };
    let verb = if lost.len() == 1 { "is" } else { "are" };
    let messages: Vec<MessageId> = lost.iter().map(|due| due.send.message).collect();
    let place = place(index, topic_partition, due.len(), lost);
    let summary = format!("{subject} {verb} gone ({place}): {}", listed(&messages));
    let examples = lost.iter().map(|due| reference(due)).collect();
    Some(Violation::new(Anomaly::LostWrite, topic_partition, summary, lost.len(), examples))
}

/// Which part of what should be there is gone, and the offsets from the first to the last of it.
fn place(index: &HistoryIndex, topic_partition: &TopicPartition, due: usize, lost: &[&Due<'_>]) -> String {
    let known: Vec<Offset> = lost.iter().filter_map(|due| due.offset).collect();
    if known.is_empty() {
        return "offsets unknown".to_owned();
    }
    let unknown = match lost.len() - known.len() {
        0 => String::new(),
        count => format!("; {count} at unknown offsets"),
    };
    if lost.len() == due && unknown.is_empty() {
        let all = span(&known);
        return format!("all: offsets {}..{}", all.start, all.end);
    }
    let log = index.partition(topic_partition).log();
    format!("{}{unknown}", Left::new(index, log.by_offset()).describe(&known))
}

fn reference(due: &Due<'_>) -> MessageRef {
    let (operation, note) = match due.send.outcome {
        Outcome::Ok { completed, .. } => (completed, None),
        Outcome::Info | Outcome::Fail => (due.send.invoked, Some("read but never acknowledged".to_owned())),
    };
    MessageRef {
        message: Some(due.send.message),
        offset: due.offset,
        process: Some(due.send.process),
        operation,
        note,
    }
}

#[cfg(test)]
mod tests;
