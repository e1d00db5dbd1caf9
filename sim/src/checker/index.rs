//! The history, sorted once for all checkers.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::types::{Offset, TopicPartition};

use super::anomaly::MessageRef;
use super::indexing::{IndexBuilder, Malformed};
use super::passage::{Gap, Rewind};
use crate::history::{History, MessageId, Order, ProcessId, Promise};

/// How a send ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged.
    Ok {
        /// Where the broker says the record is.
        offset: Option<Offset>,
        /// Index of the completion.
        completed: u64,
    },
    /// Certainly not written.
    Fail,
    /// Nobody knows, or the history ended first.
    Info,
}

/// One send: its invocation and its completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendRecord {
    /// What.
    pub message: MessageId,
    /// By whom.
    pub process: ProcessId,
    /// Index of the invocation.
    pub invoked: u64,
    /// How it ended; `Info` until it did.
    pub outcome: Outcome,
    pub(super) ended: bool,
}

/// A record that some poll returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// Its offset.
    pub offset: Offset,
    /// Its message; `None` if its value is nothing that any client writes.
    pub message: Option<MessageId>,
    /// Index of the first poll that returned it.
    pub operation: u64,
}

/// Records that polls returned, each combination of offset and message once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sightings {
    pub(super) by_offset: Vec<Seen>,
    pub(super) by_message: Vec<(MessageId, Offset)>,
}

impl Sightings {
    /// In the order of offsets.
    pub fn by_offset(&self) -> &[Seen] {
        &self.by_offset
    }

    /// In the order of messages, then of offsets; without values that no client writes.
    pub fn by_message(&self) -> &[(MessageId, Offset)] {
        &self.by_message
    }

    /// The lowest offset at which `message` was seen.
    pub fn first_offset(&self, message: MessageId) -> Option<Offset> {
        let position = self.by_message.partition_point(|(seen, _)| *seen < message);
        self.by_message.get(position).filter(|(seen, _)| *seen == message).map(|(_, offset)| *offset)
    }

    /// The first poll that returned `message`.
    pub(super) fn first_operation(&self, message: MessageId) -> Option<u64> {
        let position = self.by_message.partition_point(|(seen, _)| *seen < message);
        let copies = self.by_message[position..].iter().take_while(|(seen, _)| *seen == message);
        let operation = |(message, offset): &(MessageId, Offset)| {
            let key = (*offset, Some(*message));
            let found = self.by_offset.binary_search_by_key(&key, |seen| (seen.offset, seen.message));
            found.ok().map(|found| self.by_offset[found].operation)
        };
        copies.filter_map(operation).min()
    }

    /// Whether this message was seen at this offset.
    pub fn has(&self, offset: Offset, message: Option<MessageId>) -> bool {
        self.by_offset.binary_search_by_key(&(offset, message), |seen| (seen.offset, seen.message)).is_ok()
    }

    pub(super) fn sort(&mut self) {
        self.by_offset.sort_unstable();
        self.by_offset.dedup_by_key(|seen| (seen.offset, seen.message));
        self.by_message =
            self.by_offset.iter().filter_map(|seen| Some((seen.message?, seen.offset))).collect();
        self.by_message.sort_unstable();
    }
}

/// What the history says about one topic partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionIndex {
    /// Its sends in the order of invocation.
    pub sends: Vec<SendRecord>,
    /// What any poll returned, final reads included.
    pub seen: Sightings,
    /// What the final reads returned.
    pub final_reads: Sightings,
    /// Where the log began when they were made: retention deleted what was below.
    pub final_start: Offset,
    /// The end up to which the final reads are complete; `None` if they are not.
    pub final_end: Option<Offset>,
    /// Which operation says that they are complete, even if it cannot be believed.
    pub(super) final_at: Option<u64>,
    /// Whether any poll was one of the final reads.
    pub(super) final_polled: bool,
    /// Where processes went on behind offsets that they were not given.
    pub gaps: Vec<Gap>,
    /// Where processes were given what is not above what they had been given.
    pub rewinds: Vec<Rewind>,
    /// Where runs were read upwards: the first offset, and the last of all those that begin no later. In order.
    pub(super) stretches: Vec<(Offset, Offset)>,
}

impl PartitionIndex {
    /// What is taken for the log: the final reads if they are complete, else whatever anybody read.
    pub fn log(&self) -> &Sightings {
        if self.final_end.is_some() { &self.final_reads } else { &self.seen }
    }

    /// Whether one process was given the records at both offsets on its way up, so that one state of the log had both:
    /// the first at `low`, which is below `high`. Nobody saw anything else there.
    pub fn was_read_together(&self, low: Offset, high: Offset) -> bool {
        let alone = |offset: Offset| {
            let at = |offset: Offset| self.seen.by_offset.partition_point(|seen| seen.offset < offset);
            at(offset.plus(1)) - at(offset) == 1
        };
        let begun = self.stretches.partition_point(|(first, _)| *first <= low);
        let covered = self.stretches[..begun].last().is_some_and(|(_, last)| high <= *last);
        covered && alone(low) && alone(high)
    }

    /// What anybody said about any offset: each combination of offset and message once, with its first operation.
    pub fn claims(&self) -> Vec<Seen> {
        let acknowledged = self.sends.iter().filter_map(|send| match send.outcome {
            Outcome::Ok { offset: Some(offset), completed } => {
                Some(Seen { offset, message: Some(send.message), operation: completed })
            }
            _ => None,
        });
        let mut claims: Vec<Seen> = acknowledged.chain(self.seen.by_offset.iter().copied()).collect();
        claims.sort_unstable();
        claims.dedup_by_key(|claim| (claim.offset, claim.message));
        claims
    }

    /// Acknowledged sends whose messages were read, but never where the broker said: the acknowledged offset, which
    /// nobody saw any record at, and the lowest at which the message was seen.
    pub(super) fn misplaced(&self) -> impl Iterator<Item = (&SendRecord, Offset, Offset)> {
        let empty = |at: &Offset| self.seen.by_offset.binary_search_by_key(at, |seen| seen.offset).is_err();
        self.sends.iter().filter_map(move |send| {
            let Outcome::Ok { offset, .. } = send.outcome else { return None };
            let acknowledged = offset.filter(empty)?;
            Some((send, acknowledged, self.seen.first_offset(send.message)?))
        })
    }

    /// Whether this message was neither acknowledged nor read before the final reads were complete: it may have been
    /// written behind them.
    pub(super) fn is_late(&self, send: &SendRecord) -> bool {
        let Some(at) = self.final_at else { return false };
        let acknowledged = matches!(send.outcome, Outcome::Ok { completed, .. } if completed < at);
        !acknowledged && self.seen.first_operation(send.message).is_none_or(|operation| at < operation)
    }

    /// Whether retention deleted this message, which was at `offset`: it is below the log start, and the final reads did
    /// not find it.
    pub fn is_deleted(&self, message: MessageId, offset: Offset) -> bool {
        offset < self.final_start && self.final_reads.first_offset(message).is_none()
    }
}

/// A history, sorted.
///
/// Invariants:
/// * Every message is sent once, and every completion has its invocation: same process, same topic partition.
/// * Sends are in the order of invocation; sightings are sorted and without repetition.
#[derive(Clone, Debug, Default)]
pub struct HistoryIndex {
    pub(super) promises: BTreeMap<ProcessId, Promise>,
    pub(super) probes: BTreeSet<ProcessId>,
    /// Where in `indexes` each topic partition is.
    pub(super) numbers: BTreeMap<TopicPartition, usize>,
    pub(super) indexes: Vec<(TopicPartition, PartitionIndex)>,
    /// In pages of neighbours, so that few steps lead to a message: clients count their messages. A page has only those
    /// that there are, in order: not all clients count without holes.
    pub(super) sent: BTreeMap<(u32, u32), Vec<(u32, Sent)>>,
}

/// Where a message was sent to, and which send of that topic partition it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) partition: u32,
    pub(super) position: u32,
}

const PAGE: u32 = 64;

/// The page of a message.
pub(super) fn page(message: MessageId) -> (u32, u32) {
    (message.client(), message.ordinal() / PAGE)
}

impl HistoryIndex {
    /// Sorts `history`. Fails if it contradicts itself.
    pub fn new(history: &History) -> Result<HistoryIndex, Malformed> {
        let mut builder = IndexBuilder::default();
        for operation in history.operations() {
            builder.add(operation)?;
        }
        Ok(builder.finish(history.processes()))
    }

    /// Every topic partition that any operation names.
    pub fn partitions(&self) -> impl Iterator<Item = (&TopicPartition, &PartitionIndex)> {
        self.numbers.iter().map(|(topic_partition, number)| (topic_partition, &self.indexes[*number].1))
    }

    /// What the history says about a topic partition, which it must name.
    pub fn partition(&self, topic_partition: &TopicPartition) -> &PartitionIndex {
        &self.indexes[self.numbers[topic_partition]].1
    }

    /// Where `message` was sent to, and its send; `None` if it never was.
    pub fn send_of(&self, message: MessageId) -> Option<(&TopicPartition, &SendRecord)> {
        let Sent { partition, position } = self.sent_to(message)?;
        let (topic_partition, partition) = &self.indexes[partition as usize];
        Some((topic_partition, &partition.sends[position as usize]))
    }

    pub(super) fn sent_to(&self, message: MessageId) -> Option<Sent> {
        let page = self.sent.get(&page(message))?;
        let place = page.binary_search_by_key(&message.ordinal(), |(ordinal, _)| *ordinal).ok()?;
        Some(page[place].1)
    }

    /// Whether anybody began to make final reads, of whatever topic partition.
    pub fn has_final_reads(&self) -> bool {
        let begun = |partition: &PartitionIndex| {
            partition.final_at.is_some() || !partition.final_reads.by_offset.is_empty()
        };
        self.indexes.iter().any(|(_, partition)| begun(partition))
    }

    /// Whether the settings of `process` promise to keep the order of its sends; `None` if nobody says.
    pub fn order(&self, process: ProcessId) -> Option<Order> {
        self.promises.get(&process).map(|promise| promise.order)
    }

    /// Whether `process` is none of the workload's.
    pub fn is_probe(&self, process: ProcessId) -> bool {
        self.probes.contains(&process)
    }

    /// Whether the settings of `process` promise to write each send at most once.
    pub fn is_idempotent(&self, process: ProcessId) -> bool {
        self.promises.get(&process).is_some_and(|promise| promise.idempotent)
    }

    /// What reports say about a record that was seen.
    pub(super) fn reference(&self, seen: &Seen, note: Option<String>) -> MessageRef {
        let process = seen.message.and_then(|message| self.send_of(message)).map(|(_, send)| send.process);
        let Seen { offset, message, operation } = *seen;
        MessageRef { message, offset: Some(offset), process, operation, note }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Story;
    use super::*;

    #[test]
    fn repeated_reads_are_one_sighting_with_the_first_poll() {
        let mut story = Story::new();
        story.sent(0, "a-0", 1, 5);
        story.poll("a-0", &[(5, 1)]);
        story.finish("a-0", &[(5, 1)]);
        let index = HistoryIndex::new(&story.history).expect("consistent");
        let (_, partition) = index.partitions().next().expect("one topic partition");
        let message = Some(MessageId::new(0, 1));
        assert_eq!(partition.seen.by_offset(), [Seen { offset: Offset(5), message, operation: 2 }]);
        assert_eq!(partition.final_reads.by_offset(), [Seen { offset: Offset(5), message, operation: 3 }]);
        assert_eq!(partition.final_end, Some(Offset(6)));
    }
}
