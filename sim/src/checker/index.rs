//! The history, sorted once for all checkers.

use std::collections::BTreeMap;

use broker_core::types::{Offset, TopicPartition};

use super::anomaly::MessageRef;
use crate::history::{History, MessageId, OpF, OpKind, Operation, Order, ProcessId, Reading};

/// A history that contradicts itself; nothing can be judged by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {operation} of the history: {reason}")]
pub struct Malformed {
    /// Index of the operation.
    pub operation: u64,
    /// What is wrong with it.
    pub reason: String,
}

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
    ended: bool,
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
    by_offset: Vec<Seen>,
    by_message: Vec<(MessageId, Offset)>,
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

    fn sort(&mut self) {
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
}

impl PartitionIndex {
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
#[derive(Clone, Debug)]
pub struct HistoryIndex<'h> {
    history: &'h History,
    /// Where in `indexes` each topic partition is.
    numbers: BTreeMap<&'h TopicPartition, usize>,
    indexes: Vec<(&'h TopicPartition, PartitionIndex)>,
    /// In pages of neighbours, so that few steps lead to a message: clients count their messages.
    sent: BTreeMap<(u32, u32), [Option<Sent>; PAGE]>,
}

/// Where a message was sent to, and which send of that topic partition it is.
#[derive(Clone, Copy, Debug)]
struct Sent {
    partition: usize,
    position: usize,
}

const PAGE: usize = 64;

/// The page of a message, and its place there.
fn page(message: MessageId) -> ((u32, u32), usize) {
    let (page, place) = (message.ordinal() / PAGE as u32, message.ordinal() % PAGE as u32);
    ((message.client(), page), place as usize)
}

impl<'h> HistoryIndex<'h> {
    /// Sorts `history`. Fails if it contradicts itself.
    pub fn new(history: &'h History) -> Result<HistoryIndex<'h>, Malformed> {
        let mut index =
            HistoryIndex { history, numbers: BTreeMap::new(), indexes: Vec::new(), sent: BTreeMap::new() };
        for operation in history.operations() {
            index
                .add(operation)
                .map_err(|reason| Malformed { operation: operation.index, reason: reason.to_owned() })?;
        }
        for (_, partition) in &mut index.indexes {
            partition.seen.sort();
            partition.final_reads.sort();
        }
        Ok(index)
    }

    /// Every topic partition that any operation names.
    pub fn partitions(&self) -> impl Iterator<Item = (&'h TopicPartition, &PartitionIndex)> {
        self.numbers.iter().map(|(topic_partition, number)| (*topic_partition, &self.indexes[*number].1))
    }

    /// Where `message` was sent to, and its send; `None` if it never was.
    pub fn send_of(&self, message: MessageId) -> Option<(&'h TopicPartition, &SendRecord)> {
        let Sent { partition, position } = self.sent_to(message)?;
        let (topic_partition, partition) = &self.indexes[partition];
        Some((topic_partition, &partition.sends[position]))
    }

    fn sent_to(&self, message: MessageId) -> Option<Sent> {
        let (page, place) = page(message);
        self.sent.get(&page)?[place]
    }

    fn number(&mut self, topic_partition: &'h TopicPartition) -> usize {
        *self.numbers.entry(topic_partition).or_insert_with(|| {
            self.indexes.push((topic_partition, PartitionIndex::default()));
            self.indexes.len() - 1
        })
    }

    /// Whether the settings of `process` promise to keep the order of its sends.
    pub fn keeps_order(&self, process: ProcessId) -> bool {
        let promise = self.history.process(process).and_then(|info| info.promise);
        promise.is_some_and(|promise| promise.order == Order::Kept)
    }

    /// Whether `process` is none of the workload's.
    pub fn is_probe(&self, process: ProcessId) -> bool {
        self.history.is_probe(process)
    }

    /// Whether the settings of `process` promise to write each send at most once.
    pub fn is_idempotent(&self, process: ProcessId) -> bool {
        let promise = self.history.process(process).and_then(|info| info.promise);
        promise.is_some_and(|promise| promise.idempotent)
    }

    /// What reports say about a record that was seen.
    pub(super) fn reference(&self, seen: &Seen, note: Option<String>) -> MessageRef {
        let process = seen.message.and_then(|message| self.send_of(message)).map(|(_, send)| send.process);
        let Seen { offset, message, operation } = *seen;
        MessageRef { message, offset: Some(offset), process, operation, note }
    }

    fn add(&mut self, operation: &'h Operation) -> Result<(), &'static str> {
        match &operation.f {
            OpF::Send { topic_partition, message, offset, .. } => {
                self.add_send(operation, topic_partition, *message, *offset)?;
            }
            OpF::Poll { topic_partition, records, reading } => {
                let number = self.number(topic_partition);
                let partition = &mut self.indexes[number].1;
                let seen = records.iter().map(|record| Seen {
                    offset: record.offset,
                    message: record.message,
                    operation: operation.index,
                });
                partition.seen.by_offset.extend(seen.clone());
                if *reading == Reading::Final {
                    partition.final_reads.by_offset.extend(seen);
                }
            }
            OpF::FinalRead { topic_partition, start, end } => {
                let number = self.number(topic_partition);
                let partition = &mut self.indexes[number].1;
                partition.final_start = partition.final_start.max(*start);
                partition.final_end = partition.final_end.max(Some(*end));
            }
        }
        Ok(())
    }

    fn add_send(
        &mut self,
        operation: &'h Operation,
        topic_partition: &'h TopicPartition,
        message: MessageId,
        offset: Option<Offset>,
    ) -> Result<(), &'static str> {
        let Operation { index, process, kind, .. } = *operation;
        if kind == OpKind::Invoke {
            let number = self.number(topic_partition);
            let partition = &mut self.indexes[number].1;
            let sent = Sent { partition: number, position: partition.sends.len() };
            let (page, place) = page(message);
            if self.sent.entry(page).or_insert([None; PAGE])[place].replace(sent).is_some() {
                return Err("a message that was sent before");
            }
            let outcome = Outcome::Info;
            partition.sends.push(SendRecord { message, process, invoked: index, outcome, ended: false });
            return Ok(());
        }
        let Sent { partition, position } =
            self.sent_to(message).ok_or("a completion without an invocation")?;
        let (invoked_at, partition) = &mut self.indexes[partition];
        if *invoked_at != topic_partition {
            return Err("a completion for another topic partition");
        }
        let send = &mut partition.sends[position];
        if send.process != process {
            return Err("a completion by another process");
        }
        if send.ended {
            return Err("a second completion");
        }
        send.ended = true;
        send.outcome = match kind {
            OpKind::Ok => Outcome::Ok { offset, completed: index },
            OpKind::Fail => Outcome::Fail,
            OpKind::Info | OpKind::Invoke => Outcome::Info,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Story;
    use super::*;

    #[test]
    fn histories_that_contradict_themselves_are_refused() {
        type Tell = fn(&mut Story);
        let wrong: [(&str, Tell); 5] = [
            ("sent before", |story| {
                story.invoke(0, "a-0", 1);
                story.invoke(0, "a-0", 1);
            }),
            ("without an invocation", |story| story.ok(0, "a-0", 1, 0)),
            ("another topic partition", |story| {
                story.invoke(0, "a-0", 1);
                story.ok(0, "a-1", 1, 0);
            }),
            ("another process", |story| {
                story.invoke(0, "a-0", 1);
                story.ok(1, "a-0", 1, 0);
            }),
            ("second completion", |story| {
                story.invoke(0, "a-0", 1);
                story.info(0, "a-0", 1);
                story.ok(0, "a-0", 1, 0);
            }),
        ];
        for (expected, tell) in wrong {
            let mut story = Story::new();
            tell(&mut story);
            let error = HistoryIndex::new(&story.history).expect_err(expected);
            assert!(error.reason.contains(expected), "{error}");
        }
    }

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
