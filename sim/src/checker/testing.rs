//! Small histories, told step by step.

use broker_core::config::Acks;
use broker_core::error::{AttemptError, ErrorCode};
use broker_core::io::SendOutcome;
use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};

use super::anomaly::Checked;
use super::index::HistoryIndex;
use crate::history::{
    History, MessageId, OpF, OpKind, Order, PolledRecord, ProcessId, ProcessInfo, Promise, Reading,
};

/// Processes 0 to 3 are idempotent producers that keep order, 4 neither, of 5 nobody knows, 8 and 9 read. Message `n` is of client 0.
pub(super) struct Story {
    pub(super) history: History,
}

pub(super) const SLOPPY: u32 = 4;
pub(super) const STRANGER: ProcessId = ProcessId(5);
pub(super) const OTHER_READER: ProcessId = ProcessId(8);
pub(super) const READER: ProcessId = ProcessId(9);

impl Story {
    pub(super) fn new() -> Story {
        let mut history = History::new();
        for process in 0..=SLOPPY {
            let careful = process != SLOPPY;
            let order = if careful { Order::Kept } else { Order::Any };
            let promise = Some(Promise { acks: Acks::All, idempotent: careful, order });
            let name = format!("producer-{process}");
            history.declare(ProcessInfo { process: ProcessId(process), name, promise });
        }
        for (process, name) in [(READER, "reader"), (OTHER_READER, "other-reader"), (STRANGER, "stranger")] {
            history.declare(ProcessInfo { process, name: name.to_owned(), promise: None });
        }
        Story { history }
    }

    pub(super) fn invoke(&mut self, process: u32, at: &str, message: u32) {
        self.history.send_invoked(self.now(), ProcessId(process), partition(at), id(message));
    }

    pub(super) fn ok(&mut self, process: u32, at: &str, message: u32, offset: i64) {
        self.complete(process, at, message, SendOutcome::Ok { offset: Some(Offset(offset)) });
    }

    pub(super) fn ok_somewhere(&mut self, process: u32, at: &str, message: u32) {
        self.complete(process, at, message, SendOutcome::Ok { offset: None });
    }

    pub(super) fn fail(&mut self, process: u32, at: &str, message: u32) {
        let errors = vec![AttemptError::Code(ErrorCode::NOT_ENOUGH_REPLICAS)];
        self.complete(process, at, message, SendOutcome::Fail { errors });
    }

    pub(super) fn info(&mut self, process: u32, at: &str, message: u32) {
        self.complete(process, at, message, SendOutcome::Info { errors: vec![AttemptError::TimedOut] });
    }

    /// Invoked and acknowledged.
    pub(super) fn sent(&mut self, process: u32, at: &str, message: u32, offset: i64) {
        self.invoke(process, at, message);
        self.ok(process, at, message, offset);
    }

    pub(super) fn poll(&mut self, at: &str, records: &[(i64, u32)]) {
        self.poll_by(READER.0, at, records);
    }

    pub(super) fn poll_by(&mut self, process: u32, at: &str, records: &[(i64, u32)]) {
        let process = ProcessId(process);
        self.history.polled(self.now(), process, partition(at), polled(records), Reading::Ongoing);
    }

    /// The reader is told where it reads on, or only that it does.
    pub(super) fn seek(&mut self, at: &str, offset: Option<i64>) {
        self.seek_by(READER, at, offset);
    }

    pub(super) fn seek_by(&mut self, process: ProcessId, at: &str, offset: Option<i64>) {
        self.history.sought(self.now(), process, Some(partition(at)), offset.map(Offset));
    }

    pub(super) fn seek_everywhere(&mut self) {
        self.history.sought(self.now(), READER, None, None);
    }

    pub(super) fn final_poll(&mut self, at: &str, records: Vec<PolledRecord>) {
        self.history.polled(self.now(), READER, partition(at), records, Reading::Final);
    }

    /// Polls by any reader, of values that may be nobody's.
    pub(super) fn poll_values(&mut self, process: u32, at: &str, records: &[(i64, Option<u32>)]) {
        let process = ProcessId(process);
        self.history.polled(self.now(), process, partition(at), values(records), Reading::Ongoing);
    }

    /// Final reads of values that may be nobody's; complete.
    pub(super) fn finish_values(&mut self, at: &str, records: &[(i64, Option<u32>)]) {
        self.final_poll(at, values(records));
        let end = records.iter().map(|(offset, _)| offset + 1).max().unwrap_or(0);
        self.history.final_read_completed(self.now(), READER, partition(at), Offset::ZERO, Offset(end));
    }

    /// Final reads that return exactly `records` and are complete.
    pub(super) fn finish(&mut self, at: &str, records: &[(i64, u32)]) {
        self.finish_from(at, 0, records);
    }

    /// The same, of a log whose records below `start` retention deleted.
    pub(super) fn finish_from(&mut self, at: &str, start: i64, records: &[(i64, u32)]) {
        self.final_poll(at, polled(records));
        let end = records.iter().map(|(offset, _)| offset + 1).max().unwrap_or(start);
        let (now, start, end) = (self.now(), Offset(start), Offset(end));
        self.history.final_read_completed(now, READER, partition(at), start, end);
    }

    /// The final reads are said to be complete, whatever they returned.
    pub(super) fn final_read(&mut self, at: &str, start: i64, end: i64) {
        let f = OpF::FinalRead { topic_partition: partition(at), start: Offset(start), end: Offset(end) };
        self.history.push(self.now(), READER, OpKind::Ok, f);
    }

    pub(super) fn check(&self, check: fn(&HistoryIndex) -> Checked) -> Checked {
        check(&HistoryIndex::new(&self.history).expect("the story is consistent"))
    }

    fn complete(&mut self, process: u32, at: &str, message: u32, outcome: SendOutcome) {
        self.history.send_completed(self.now(), ProcessId(process), partition(at), id(message), outcome);
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.history.operations().len() as u64)
    }
}

pub(super) fn id(message: u32) -> MessageId {
    MessageId::new(0, message)
}

fn partition(text: &str) -> TopicPartition {
    TopicPartition::parse(text).expect("a topic partition")
}

fn polled(records: &[(i64, u32)]) -> Vec<PolledRecord> {
    let records: Vec<_> = records.iter().map(|(offset, message)| (*offset, Some(*message))).collect();
    values(&records)
}

fn values(records: &[(i64, Option<u32>)]) -> Vec<PolledRecord> {
    let record = |(offset, message): &(i64, Option<u32>)| PolledRecord {
        offset: Offset(*offset),
        message: message.map(id),
    };
    records.iter().map(record).collect()
}
