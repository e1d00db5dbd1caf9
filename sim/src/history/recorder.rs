//! The history of one run, while it grows and afterwards.

use broker_core::io::SendOutcome;
use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};

use super::message::MessageId;
use super::operation::{OpF, OpKind, Operation, PolledRecord, Reading};
use super::process::{ProcessId, ProcessInfo};

/// Everything clients did and were told, in order.
///
/// Invariants:
/// * Operation `n` has index `n`.
/// * Process ids of the table are unique, and every operation's process is in the table.
/// * Only sends are invoked, fail or end as info; everything else is always `ok`.
///
/// That completions fit their invocations is for
/// [`HistoryIndex`](crate::checker::HistoryIndex) to check: a history read from a file may be anyone's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    processes: Vec<ProcessInfo>,
    operations: Vec<Operation>,
}

impl History {
    /// An empty history.
    pub fn new() -> History {
        History::default()
    }

    /// Adds a process to the table. Its id must be new.
    pub fn declare(&mut self, info: ProcessInfo) {
        assert!(self.process(info.process).is_none(), "process {} is declared twice", info.process);
        self.processes.push(info);
    }

    /// A message is handed to a producer. Returns the operation's index, as all that follow.
    pub fn send_invoked(
        &mut self,
        time: Timestamp,
        process: ProcessId,
        topic_partition: TopicPartition,
        message: MessageId,
    ) -> u64 {
        let f = OpF::Send { topic_partition, message, offset: None, errors: Vec::new() };
        self.push(time, process, OpKind::Invoke, f)
    }

    /// A producer says how a send ended.
    pub fn send_completed(
        &mut self,
        time: Timestamp,
        process: ProcessId,
        topic_partition: TopicPartition,
        message: MessageId,
        outcome: SendOutcome,
    ) -> u64 {
        let (kind, offset, errors) = match outcome {
            SendOutcome::Ok { offset } => (OpKind::Ok, offset, Vec::new()),
            SendOutcome::Fail { errors } => (OpKind::Fail, None, errors),
            SendOutcome::Info { errors } => (OpKind::Info, None, errors),
        };
        self.push(time, process, kind, OpF::Send { topic_partition, message, offset, errors })
    }

    /// A consumer read records.
    pub fn polled(
        &mut self,
        time: Timestamp,
        process: ProcessId,
        topic_partition: TopicPartition,
        records: Vec<PolledRecord>,
        reading: Reading,
    ) -> u64 {
        self.push(time, process, OpKind::Ok, OpF::Poll { topic_partition, records, reading })
    }

    /// A process was told that it reads on elsewhere: at `offset` of one topic partition, or nobody knows where.
    pub fn sought(
        &mut self,
        time: Timestamp,
        process: ProcessId,
        topic_partition: Option<TopicPartition>,
        offset: Option<Offset>,
    ) -> u64 {
        self.push(time, process, OpKind::Ok, OpF::Seek { topic_partition, offset })
    }

    /// The final reads of a topic partition are complete: everything below `end` was read, but for what retention
    /// deleted, below `start`. They may have found more than they looked for, or retention may have deleted all of it;
    /// what is written is how far they got.
    pub fn final_read_completed(
        &mut self,
        time: Timestamp,
        process: ProcessId,
        topic_partition: TopicPartition,
        start: Offset,
        end: Offset,
    ) -> u64 {
        let last = self.operations.iter().rev().find_map(|operation| match &operation.f {
            OpF::Poll { topic_partition: at, records, reading: Reading::Final } if *at == topic_partition => {
                records.last()
            }
            _ => None,
        });
        let end = end.max(start).max(last.map_or(start, |last| last.offset.plus(1)));
        self.push(time, process, OpKind::Ok, OpF::FinalRead { topic_partition, start, end })
    }

    /// All operations, in order.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The table of processes, in the order in which they were declared.
    pub fn processes(&self) -> &[ProcessInfo] {
        &self.processes
    }

    /// What the table says about one process.
    pub fn process(&self, process: ProcessId) -> Option<&ProcessInfo> {
        self.processes.iter().find(|info| info.process == process)
    }

    /// Whether an operation of this process is none of the workload's: see [`ProcessInfo::is_probe`].
    pub fn is_probe(&self, process: ProcessId) -> bool {
        self.process(process).is_some_and(ProcessInfo::is_probe)
    }

    pub(crate) fn push(&mut self, time: Timestamp, process: ProcessId, kind: OpKind, f: OpF) -> u64 {
        assert!(self.process(process).is_some(), "process {process} acts before it is declared");
        let index = self.operations.len() as u64;
        self.operations.push(Operation { index, time, process, kind, f });
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "declared twice")]
    fn a_process_is_declared_once() {
        let mut history = History::new();
        for _ in 0..2 {
            history.declare(ProcessInfo { process: ProcessId(1), name: "a".to_owned(), promise: None });
        }
    }

    #[test]
    fn final_reads_are_complete_as_far_as_they_got() {
        for (start, end, found, expected) in [(0, 2, 1, 2), (0, 2, 4, 5), (7, 2, 1, 7)] {
            let (mut history, process) = (History::new(), ProcessId(1));
            history.declare(ProcessInfo { process, name: "a".to_owned(), promise: None });
            let (now, at) = (Timestamp(0), TopicPartition::new("orders", 0));
            let records = vec![PolledRecord { offset: Offset(found), message: None }];
            history.polled(now, process, at.clone(), records, Reading::Final);
            history.final_read_completed(now, process, at, Offset(start), Offset(end));
            let OpF::FinalRead { end, .. } = history.operations()[1].f else { panic!("no final read") };
            assert_eq!(end, Offset(expected), "{start} {found}");
        }
    }

    #[test]
    #[should_panic(expected = "before it is declared")]
    fn strangers_do_not_act() {
        History::new().final_read_completed(
            Timestamp(0),
            ProcessId(0),
            TopicPartition::new("orders", 0),
            Offset(0),
            Offset(0),
        );
    }
}
