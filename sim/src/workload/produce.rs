//! Sending unique messages at a rate, and writing down what became of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use broker_core::error::AttemptError;
use broker_core::io::{Effect, Input, ProducerRecord, SendOutcome};
use broker_core::time::Timestamp;
use broker_core::types::TopicPartition;
use bytes::Bytes;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::cluster::Application;
use crate::history::{History, MessageId, ProcessId};
use crate::trace::{TraceEvent, Tracer};

/// One producer's plan and where it stands.
///
/// * Every message is sent once, in the order of ordinals.
/// * Every message that was sent is either in `outstanding` or completed, exactly once.
pub struct ProduceWorkload {
    process: ProcessId,
    targets: Vec<TopicPartition>,
    records: u64,
    interval: Duration,
    value_bytes: usize,
    rng: ChaCha8Rng,
    history: Rc<RefCell<History>>,
    sent: u64,
    next_at: Option<Timestamp>,
    outstanding: BTreeMap<u64, TopicPartition>,
}

impl ProduceWorkload {
    /// A plan to send `records` messages to randomly drawn `targets`, `rate` per second on average.
    pub fn new(
        process: ProcessId,
        targets: Vec<TopicPartition>,
        records: u64,
        rate: f64,
        value_bytes: usize,
        rng: ChaCha8Rng,
        history: Rc<RefCell<History>>,
    ) -> ProduceWorkload {
        assert!(!targets.is_empty() && 0.0 < rate, "checked with the scenario");
        let interval = Duration::from_secs_f64(1.0 / rate);
        ProduceWorkload {
            process,
            targets,
            records,
            interval,
            value_bytes,
            rng,
            history,
            sent: 0,
            next_at: None,
            outstanding: BTreeMap::new(),
        }
    }

    /// From now on messages are sent.
    pub fn begin(&mut self, now: Timestamp) {
        self.next_at = Some(now);
    }

    /// How many messages have no end yet, sent or not.
    pub fn unfinished(&self) -> u64 {
        self.records - self.sent + self.outstanding.len() as u64
    }

    /// The process is gone: what it had under way ends as `info`.
    pub fn process_died(&mut self, now: Timestamp) {
        for (token, topic_partition) in std::mem::take(&mut self.outstanding) {
            let outcome = SendOutcome::Info { errors: vec![AttemptError::Disconnected] };
            let message = self.message(token);
            self.history.borrow_mut().send_completed(now, self.process, topic_partition, message, outcome);
        }
    }

    fn message(&self, ordinal: u64) -> MessageId {
        MessageId::new(self.process.0, u32::try_from(ordinal).expect("fewer than 2^32 messages"))
    }

    fn next_record(&mut self, now: Timestamp) -> Option<(ProducerRecord, u64)> {
        if self.sent == self.records || self.next_at.is_none_or(|at| now < at) {
            return None;
        }
        let token = self.sent;
        self.sent += 1;
        let topic_partition = self.targets[self.rng.random_range(0..self.targets.len())].clone();
        let pause = self.interval.mul_f64(self.rng.random_range(0.5..1.5));
        self.next_at = self.next_at.map(|at| at + pause);
        let message = self.message(token);
        let operation =
            self.history.borrow_mut().send_invoked(now, self.process, topic_partition.clone(), message);
        self.outstanding.insert(token, topic_partition.clone());
        let key = Bytes::from(self.process.to_string());
        let value = message.to_value(self.value_bytes);
        Some((ProducerRecord { token, topic_partition, key, value }, operation))
    }

    fn completed(&mut self, now: Timestamp, token: u64, outcome: SendOutcome) -> u64 {
        let topic_partition = self.outstanding.remove(&token).expect("a send ends once");
        let message = self.message(token);
        self.history.borrow_mut().send_completed(now, self.process, topic_partition, message, outcome)
    }
}

/// The application beside one producer process.
pub struct ProduceApp {
    workload: Rc<RefCell<ProduceWorkload>>,
    tracer: Tracer,
}

impl ProduceApp {
    /// Carries on with a workload.
    pub fn new(workload: Rc<RefCell<ProduceWorkload>>, tracer: Tracer) -> ProduceApp {
        ProduceApp { workload, tracer }
    }
}

impl Application for ProduceApp {
    fn poll_input(&mut self, now: Timestamp) -> Option<Input> {
        let (record, index) = self.workload.borrow_mut().next_record(now)?;
        self.tracer.record(now, TraceEvent::ClientOp { index });
        Some(Input::Send(record))
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let workload = self.workload.borrow();
        workload.next_at.filter(|_| workload.sent < workload.records)
    }

    fn acknowledged(&self, effect: &Effect) -> Option<TopicPartition> {
        let Effect::SendCompleted { token, .. } = effect else { return None };
        self.workload.borrow().outstanding.get(token).cloned()
    }

    fn on_effect(&mut self, now: Timestamp, effect: Effect) {
        let Effect::SendCompleted { token, outcome } = effect else {
            panic!("a producer gave its application {effect:?}");
        };
        let index = self.workload.borrow_mut().completed(now, token, outcome);
        self.tracer.record(now, TraceEvent::ClientOp { index });
    }
}
