//! Building the index, one operation after the other: a history need not be in memory for it.

use broker_core::types::{Offset, TopicPartition};

use super::index::{HistoryIndex, Outcome, PAGE, PartitionIndex, Seen, SendRecord, Sent, page};
use super::passage::Passages;
use crate::history::{MessageId, OpF, OpKind, Operation, ProcessInfo, Reading};

/// A history that contradicts itself; nothing can be judged by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {operation} of the history: {reason}")]
pub struct Malformed {
    /// Index of the operation.
    pub operation: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Takes operations in the order of the history.
#[derive(Debug, Default)]
pub struct IndexBuilder {
    index: HistoryIndex,
    passages: Passages,
}

impl IndexBuilder {
    /// Takes the next operation. Fails if it contradicts those before.
    pub fn add(&mut self, operation: &Operation) -> Result<(), Malformed> {
        let wrong = |reason: &str| Malformed { operation: operation.index, reason: reason.to_owned() };
        match &operation.f {
            OpF::Send { topic_partition, message, offset, .. } => {
                self.add_send(operation, topic_partition, *message, *offset).map_err(wrong)?;
            }
            OpF::Poll { topic_partition, records, reading } => {
                let number = self.number(topic_partition);
                let partition = &mut self.index.indexes[number].1;
                let seen = records.iter().map(|record| Seen {
                    offset: record.offset,
                    message: record.message,
                    operation: operation.index,
                });
                self.passages.polled(operation.process, *reading, number, partition, seen.clone());
                partition.seen.by_offset.extend(seen.clone());
                if *reading == Reading::Final {
                    partition.final_reads.by_offset.extend(seen);
                }
            }
            OpF::Seek { topic_partition, offset } => {
                let number = topic_partition.as_ref().map(|topic_partition| self.number(topic_partition));
                self.passages.sought(operation.process, number, *offset);
            }
            OpF::FinalRead { topic_partition, start, end } => {
                let partition = self.partition(topic_partition);
                partition.final_start = partition.final_start.max(*start);
                partition.final_end = partition.final_end.max(Some(*end));
            }
        }
        Ok(())
    }

    /// Sorts what was taken. `processes` are those of which anything is known.
    pub fn finish(mut self, processes: &[ProcessInfo]) -> HistoryIndex {
        let promises = processes.iter().filter_map(|info| Some((info.process, info.promise?)));
        self.index.promises = promises.collect();
        for (_, partition) in &mut self.index.indexes {
            partition.seen.sort();
            partition.final_reads.sort();
            partition.stretches.sort_unstable();
            let mut furthest = Offset::ZERO;
            for (_, last) in &mut partition.stretches {
                furthest = furthest.max(*last);
                *last = furthest;
            }
        }
        self.index
    }

    fn number(&mut self, topic_partition: &TopicPartition) -> usize {
        if let Some(number) = self.index.numbers.get(topic_partition) {
            return *number;
        }
        let number = self.index.indexes.len();
        self.index.numbers.insert(topic_partition.clone(), number);
        self.index.indexes.push((topic_partition.clone(), PartitionIndex::default()));
        number
    }

    fn partition(&mut self, topic_partition: &TopicPartition) -> &mut PartitionIndex {
        let number = self.number(topic_partition);
        &mut self.index.indexes[number].1
    }

    fn add_send(
        &mut self,
        operation: &Operation,
        topic_partition: &TopicPartition,
        message: MessageId,
        offset: Option<Offset>,
    ) -> Result<(), &'static str> {
        let Operation { index, process, kind, .. } = *operation;
        if kind == OpKind::Invoke {
            let number = self.number(topic_partition);
            let sends = &mut self.index.indexes[number].1.sends;
            let count = |count: usize| u32::try_from(count).map_err(|_| "too many for one history");
            let sent = Sent { partition: count(number)?, position: count(sends.len())? };
            let outcome = Outcome::Info;
            sends.push(SendRecord { message, process, invoked: index, outcome, ended: false });
            let (page, place) = page(message);
            return match self.index.sent.entry(page).or_insert([None; PAGE])[place].replace(sent) {
                Some(_) => Err("a message that was sent before"),
                None => Ok(()),
            };
        }
        let Sent { partition, position } =
            self.index.sent_to(message).ok_or("a completion without an invocation")?;
        let (invoked_at, partition) = &mut self.index.indexes[partition as usize];
        if invoked_at != topic_partition {
            return Err("a completion for another topic partition");
        }
        let send = &mut partition.sends[position as usize];
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
}
