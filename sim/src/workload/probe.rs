//! One new record for every topic partition, to see whether each still takes them.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use broker_core::io::{Effect, Input, ProducerRecord, SendOutcome};
use broker_core::time::Timestamp;
use broker_core::types::TopicPartition;
use bytes::Bytes;

use crate::cluster::Application;
use crate::history::{History, MessageId, ProcessId};
use crate::trace::{TraceEvent, Tracer};

/// How long a probe's record is: no more than it takes to name a message.
const VALUE_BYTES: usize = 16;

/// What is to be probed, and which topic partitions have not acknowledged yet.
///
/// * A topic partition is `unsent` or `outstanding` until it has acknowledged a probe, and never both.
/// * Every attempt is a message of its own: one that ended without an acknowledgement is followed by another.
pub struct Probes {
    process: ProcessId,
    history: Rc<RefCell<History>>,
    sent: u32,
    unsent: VecDeque<TopicPartition>,
    outstanding: BTreeMap<u64, TopicPartition>,
}

impl Probes {
    /// A probe for each of these topic partitions, all at once.
    pub fn new(
        process: ProcessId,
        topic_partitions: impl IntoIterator<Item = TopicPartition>,
        history: Rc<RefCell<History>>,
    ) -> Probes {
        let unsent = topic_partitions.into_iter().collect();
        Probes { process, history, sent: 0, unsent, outstanding: BTreeMap::new() }
    }

    /// Topic partitions that have not acknowledged a record yet.
    pub fn waiting(&self) -> impl Iterator<Item = &TopicPartition> {
        self.outstanding.values().chain(&self.unsent)
    }

    fn next_record(&mut self, now: Timestamp) -> Option<(ProducerRecord, u64)> {
        let topic_partition = self.unsent.pop_front()?;
        let message = MessageId::new(self.process.0, self.sent);
        let token = u64::from(self.sent);
        self.sent += 1;
        self.outstanding.insert(token, topic_partition.clone());
        let operation =
            self.history.borrow_mut().send_invoked(now, self.process, topic_partition.clone(), message);
        let (key, value) = (Bytes::from(self.process.to_string()), message.to_value(VALUE_BYTES));
        Some((ProducerRecord { token, topic_partition, key, value }, operation))
    }

    fn completed(&mut self, now: Timestamp, token: u64, outcome: SendOutcome) -> u64 {
        let topic_partition = self.outstanding.remove(&token).expect("a send ends once");
        if !matches!(outcome, SendOutcome::Ok { .. }) {
            self.unsent.push_back(topic_partition.clone());
        }
        let message = MessageId::new(self.process.0, u32::try_from(token).expect("counted in 32 bits"));
        self.history.borrow_mut().send_completed(now, self.process, topic_partition, message, outcome)
    }
}

/// The application beside the producer that probes.
pub struct ProbeApp {
    probes: Rc<RefCell<Probes>>,
    tracer: Tracer,
}

impl ProbeApp {
    /// Sends these probes.
    pub fn new(probes: Rc<RefCell<Probes>>, tracer: Tracer) -> ProbeApp {
        ProbeApp { probes, tracer }
    }
}

impl Application for ProbeApp {
    fn poll_input(&mut self, now: Timestamp) -> Option<Input> {
        let (record, index) = self.probes.borrow_mut().next_record(now)?;
        self.tracer.record(now, TraceEvent::ClientOp { index });
        Some(Input::Send(record))
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        (!self.probes.borrow().unsent.is_empty()).then_some(Timestamp::ZERO)
    }

    fn on_effect(&mut self, now: Timestamp, effect: Effect) {
        let Effect::SendCompleted { token, outcome } = effect else {
            panic!("a producer gave its application {effect:?}");
        };
        let index = self.probes.borrow_mut().completed(now, token, outcome);
        self.tracer.record(now, TraceEvent::ClientOp { index });
    }
}
