//! Small histories, told step by step.

use broker_core::config::Acks;
use broker_core::error::{AttemptError, ErrorCode};
use broker_core::io::SendOutcome;
use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};

use super::anomaly::Checked;
use super::index::HistoryIndex;
use crate::history::{History, MessageId, Order, PolledRecord, ProcessId, ProcessInfo, Promise, Reading};

/// Processes 0 to 3 are idempotent producers that keep order, 4 neither, 9 reads. Message `n` is of client 0.
pub(super) struct Story {
    pub(super) history: History,
}

pub(super) const SLOPPY: u32 = 4;
const READER: ProcessId = ProcessId(9);

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
        history.declare(ProcessInfo { process: READER, name: "reader".to_owned(), promise: None });
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
        self.history.polled(self.now(), READER, partition(at), polled(records), Reading::Ongoing);
    }

    pub(super) fn final_poll(&mut self, at: &str, records: Vec<PolledRecord>) {
        self.history.polled(self.now(), READER, partition(at), records, Reading::Final);
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

    pub(super) fn check(&self, check: fn(&HistoryIndex<'_>) -> Checked) -> Checked {
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
    let record = |(offset, message): &(i64, u32)| PolledRecord {
        offset: Offset(*offset),
        message: Some(id(*message)),
    };
    records.iter().map(record).collect()
}
