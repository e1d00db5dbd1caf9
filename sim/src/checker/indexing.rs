//! Building the index, one operation after the other: a history need not be in memory for it.

use broker_core::types::{Offset, TopicPartition};

use super::index::{HistoryIndex, Outcome, PartitionIndex, Seen, SendRecord, Sent, page};
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
                    partition.final_polled = true;
                    if seen.clone().any(|seen| partition.final_end.is_some_and(|end| end <= seen.offset)) {
                        return Err(wrong(PAST_THE_END));
                    }
                    partition.final_reads.by_offset.extend(seen);
                }
            }
            OpF::Seek { topic_partition, offset } => {
                let number = topic_partition.as_ref().map(|topic_partition| self.number(topic_partition));
                self.passages.sought(operation.process, number, *offset);
            }
            OpF::FinalRead { topic_partition, start, end } => {
                let partition = self.partition(topic_partition);
                final_read(partition, operation.index, *start, *end).map_err(wrong)?;
            }
        }
        Ok(())
    }

    /// Sorts what was taken. `processes` are those of which anything is known.
    pub fn finish(mut self, processes: &[ProcessInfo]) -> HistoryIndex {
        let promises = processes.iter().filter_map(|info| Some((info.process, info.promise?)));
        self.index.promises = promises.collect();
        let probes = processes.iter().filter(|info| info.is_probe());
        self.index.probes = probes.map(|info| info.process).collect();
        for (_, partition) in &mut self.index.indexes {
            // Somebody says that there are records, and showed none: that is no reading.
            if partition.final_end.is_some_and(|end| partition.final_start < end) && !partition.final_polled {
                partition.final_end = None;
            }
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
            let page = self.index.sent.entry(page(message)).or_default();
            let place = page.partition_point(|(ordinal, _)| *ordinal < message.ordinal());
            if page.get(place).is_some_and(|(ordinal, _)| *ordinal == message.ordinal()) {
                return Err("a message that was sent before");
            }
            page.insert(place, (message.ordinal(), sent));
            return Ok(());
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

const PAST_THE_END: &str = "a final read returned a record at or above the end of the final reads";

/// The final reads of a topic partition are complete.
fn final_read(
    partition: &mut PartitionIndex,
    operation: u64,
    start: Offset,
    end: Offset,
) -> Result<(), &'static str> {
    if end < start {
        return Err("final reads that end below their start");
    }
    if let Some(before) = partition.final_end {
        let same = (partition.final_start, before) == (start, end);
        return if same { Ok(()) } else { Err("final reads that were complete before, and differ") };
    }
    if partition.final_reads.by_offset.iter().any(|seen| end <= seen.offset) {
        return Err(PAST_THE_END);
    }
    (partition.final_start, partition.final_end, partition.final_at) = (start, Some(end), Some(operation));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Story, id};
    use super::*;
    use crate::history::PolledRecord;

    #[test]
    fn a_page_has_only_the_messages_that_there_are() {
        let mut story = Story::new();
        for (offset, message) in [(0, 70), (1, 64), (2, 100_000), (3, 65)] {
            story.sent(0, "a-0", message, offset);
        }
        let index = HistoryIndex::new(&story.history).expect("consistent");
        assert_eq!(index.sent.values().map(Vec::len).collect::<Vec<_>>(), [3, 1]);
        for message in [64, 65, 70, 100_000] {
            assert!(index.send_of(id(message)).is_some_and(|(_, send)| send.message == id(message)));
        }
        assert!(index.send_of(id(66)).is_none());
    }

    #[test]
    fn histories_that_contradict_themselves_are_refused() {
        type Tell = fn(&mut Story);
        let wrong: [(&str, Tell); 10] = [
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
            ("below their start", |story| story.final_read("a-0", 3, 2)),
            ("and differ", |story| {
                story.final_read("a-0", 0, 2);
                story.final_read("a-0", 0, 3);
            }),
            ("and differ", |story| {
                story.final_read("a-0", 0, 2);
                story.final_read("a-0", 1, 2);
            }),
            ("above the end", |story| {
                story.final_poll("a-0", vec![PolledRecord { offset: Offset(2), message: None }]);
                story.final_read("a-0", 0, 2);
            }),
            ("above the end", |story| {
                story.final_read("a-0", 0, 2);
                story.final_poll("a-0", vec![PolledRecord { offset: Offset(2), message: None }]);
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
