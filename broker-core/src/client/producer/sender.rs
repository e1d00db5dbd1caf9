//! The producer itself: what it does at each input, and which requests leave when (`KafkaProducer`, `Sender`).

use std::collections::{BTreeMap, VecDeque};

use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};

use super::accumulator::Accumulator;
use super::batch::{BatchId, ProducerBatch, lone_batch_size_max};
use super::identity::IdentityKeeper;
use super::partition::{Order, PartitionQueue};
use super::sequences::{Identity, Trouble};
use crate::client::backoff::{Backoff, splitmix64};
use crate::client::metadata::{Leader, Metadata};
use crate::client::reconnect::Reconnect;
use crate::client::requests::{Requests, topic_name, wire_millis};
use crate::config::{Acks, ProducerConfig};
use crate::error::{AttemptError, ErrorCode};
use crate::event::Event;
use crate::io::{Effect, HaltReason, Input, Node, ProducerRecord, ResponseExpected, SendOutcome};
use crate::steady::Steady;
use crate::time::{Timestamp, earliest};
use crate::types::{BrokerId, Endpoint, TopicPartition};

/// What a request in flight is about.
#[derive(Debug)]
pub(super) enum About {
    Metadata,
    ProducerId,
    Produce { broker: BrokerId, batches: Vec<(TopicPartition, BatchId)> },
}

/// A Kafka producer: takes records through [`Input::Send`], completes each with one [`Effect::SendCompleted`].
///
/// Source: Kafka's `KafkaProducer`, `Sender` and `TransactionManager`; KIP-98, KIP-360.
///
/// * Every token completes exactly once, at the latest when `delivery.timeout.ms` is over.
/// * At most `max.in.flight.requests.per.connection` produce requests are in flight per broker.
/// * With idempotence nothing is sent before there is a producer id.
/// * With idempotence, or one request in flight, the records of a topic partition are appended in the order in which
///   they were handed over.
/// * After [`Node::handle`] nothing is left that could be done at the same instant.
#[derive(Debug)]
pub struct Producer {
    pub(super) config: ProducerConfig,
    pub(super) metadata: Metadata,
    pub(super) requests: Requests<About>,
    pub(super) reconnect: Reconnect,
    pub(super) identity: IdentityKeeper,
    pub(super) accumulator: Accumulator,
    pub(super) retry_backoff: Backoff,
    pub(super) unfinished: usize,
    effects: VecDeque<Effect>,
    steady: Steady,
    stopping: Stopping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopping {
    No,
    Asked,
    Said,
}

impl Producer {
    /// A producer that knows nothing of the cluster but `bootstrap`, where it needs at least one node. `entropy` decides
    /// the jitter of its pauses and which node it asks first.
    pub fn new(
        config: ProducerConfig,
        client_id: String,
        bootstrap: Vec<Endpoint>,
        entropy: u64,
    ) -> Producer {
        let stream = |site: u64| splitmix64(entropy ^ splitmix64(site));
        let retry = |site| Backoff::new(config.retry_backoff, config.retry_backoff_max, stream(site));
        // Kafka's reconnect.backoff.max.ms is 20 times reconnect.backoff.ms.
        let reconnect_max = config.reconnect_backoff.saturating_mul(20);
        let reconnect = Backoff::new(config.reconnect_backoff, reconnect_max, stream(1));
        Producer {
            metadata: Metadata::new(bootstrap, config.metadata_max_age, retry(2), stream(3)),
            requests: Requests::new(client_id),
            reconnect: Reconnect::new(reconnect),
            identity: IdentityKeeper::new(config.idempotence, retry(4)),
            accumulator: Accumulator::new(&config),
            retry_backoff: retry(5),
            unfinished: 0,
            effects: VecDeque::new(),
            steady: Steady::default(),
            stopping: Stopping::No,
            config,
        }
    }

    /// How many sends are not completed yet.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    fn send(&mut self, now: Timestamp, record: &ProducerRecord) {
        self.unfinished += 1;
        if self.config.max_request_size < lone_batch_size_max(record) {
            let errors = vec![AttemptError::Code(ErrorCode::MESSAGE_TOO_LARGE)];
            let outcome = SendOutcome::Fail { errors };
            self.complete(vec![Effect::SendCompleted { token: record.token, outcome }]);
            return;
        }
        self.metadata.watch(&record.topic_partition.topic);
        self.accumulator.append(now, self.steady.clock(), record);
    }

    /// Tells the application how these sends ended.
    pub(super) fn complete(&mut self, completions: Vec<Effect>) {
        self.unfinished -= completions.len();
        self.effects.extend(completions);
    }

    pub(super) fn observe(&mut self, event: Event) {
        self.effects.push_back(Effect::Observe(event));
    }

    /// Does everything that is due.
    fn advance(&mut self, now: Timestamp) {
        self.expire(now);
        self.restart_numberings();
        if let Some(body) = self.identity.start(now) {
            let to = self.metadata.any_node();
            let effect = self.requests.send(to, &body, self.config.request_timeout, About::ProducerId);
            self.effects.push_back(effect);
        }
        if self
            .accumulator
            .iter()
            .any(|(name, queue)| queue.head().is_some() && !self.metadata.knows_leader(name))
        {
            self.metadata.want_missing();
        }
        if let Some((to, body)) = self.metadata.start_refresh(now) {
            let effect = self.requests.send(to, &body, self.config.request_timeout, About::Metadata);
            self.effects.push_back(effect);
        }
        while let Some((leader, names)) = self.next_drain(now) {
            self.produce(&leader, names);
        }
        if self.stopping == Stopping::Asked && self.unfinished == 0 {
            self.stopping = Stopping::Said;
            self.effects.push_back(Effect::Halt { reason: HaltReason::Shutdown });
        }
    }

    fn expire(&mut self, now: Timestamp) {
        let mut completions = Vec::new();
        self.accumulator.expire(now, |batch| {
            batch.errors.push(AttemptError::Expired);
            completions.extend(batch.complete_without_promise());
        });
        self.complete(completions);
    }

    /// Gives new numbers where the old ones are in trouble, once nothing with old ones is in flight there.
    fn restart_numberings(&mut self) {
        let (mut bumped, mut completions) = (Vec::new(), Vec::new());
        for (_, partition) in self.accumulator.iter_mut() {
            if !partition.wants_restart() {
                continue;
            }
            let own = partition.sequences.identity();
            if self.identity.current() == own {
                match partition.sequences.trouble() {
                    Some(Trouble::Fenced) => self.identity.discard(),
                    _ => bumped.extend(self.identity.bump()),
                }
            }
            if let Some(identity) = self.identity.current() {
                partition.restart(identity, |batch| completions.extend(batch.complete_without_promise()));
            }
        }
        self.complete(completions);
        for Identity { id, epoch } in bumped {
            self.observe(Event::ProducerIdAssigned { producer_id: id, producer_epoch: epoch });
        }
    }

    fn order(&self) -> Order {
        if self.config.idempotence {
            Order::Sequences(self.identity.current())
        } else if self.config.max_in_flight == 1 {
            Order::OneInFlight
        } else {
            Order::Unkept
        }
    }

    /// From when on the head of this queue may leave, and to whom; none while something other than time keeps it.
    fn departure(&self, name: &TopicPartition, partition: &PartitionQueue) -> Option<(Timestamp, Leader)> {
        let ready = self.accumulator.head_ready_at(partition)?;
        if !partition.order_allows_head(self.order()) {
            return None;
        }
        let leader = self.metadata.leader(name)?;
        let is_to_leader =
            |about: &&About| matches!(about, About::Produce { broker, .. } if *broker == leader.broker);
        let in_flight = self.requests.in_flight().filter(is_to_leader).count();
        let free = in_flight < self.config.max_in_flight;
        free.then(|| (ready.max(self.reconnect.not_before(leader.broker)), leader))
    }

    /// A broker something can be sent to at once, and for which topic partitions.
    fn next_drain(&self, now: Timestamp) -> Option<(Leader, Vec<TopicPartition>)> {
        let mut drain: Option<(Leader, Vec<TopicPartition>)> = None;
        let mut size = 0;
        for (name, partition) in self.accumulator.iter() {
            let Some((at, leader)) = self.departure(name, partition) else { continue };
            if now < at {
                continue;
            }
            let (first, names) = drain.get_or_insert_with(|| (leader.clone(), Vec::new()));
            let with_this = size + partition.head().map_or(0, ProducerBatch::size);
            let fits = names.is_empty() || with_this <= self.config.max_request_size;
            if first.broker == leader.broker && fits {
                size = with_this;
                names.push(name.clone());
            }
        }
        drain
    }

    fn produce(&mut self, leader: &Leader, names: Vec<TopicPartition>) {
        let order = self.order();
        let mut topics: BTreeMap<_, Vec<PartitionProduceData>> = BTreeMap::new();
        let mut batches = Vec::new();
        for name in names {
            let batch = self.accumulator.get_mut(&name).send_head(order);
            let data =
                PartitionProduceData::default().with_index(name.partition).with_records(Some(batch.encode()));
            topics.entry(name.topic.clone()).or_default().push(data);
            batches.push((name.clone(), batch.id));
            let event = Event::BatchSent {
                topic_partition: name,
                base_sequence: batch.base_sequence(),
                records: batch.record_count(),
                attempt: batch.attempts,
                to: leader.broker,
            };
            self.observe(event);
        }
        let topic = |(name, data)| {
            let name: std::sync::Arc<str> = name;
            TopicProduceData::default().with_name(topic_name(&name)).with_partition_data(data)
        };
        let body = ProduceRequest::default()
            .with_acks(self.config.acks.to_wire())
            .with_timeout_ms(wire_millis(self.config.request_timeout))
            .with_topic_data(topics.into_iter().map(topic).collect());
        let response =
            if self.config.acks == Acks::None { ResponseExpected::No } else { ResponseExpected::Yes };
        let about = About::Produce { broker: leader.broker, batches };
        let timeout = self.config.request_timeout;
        let effect = self.requests.send_expecting(response, leader.endpoint.clone(), &body, timeout, about);
        self.effects.push_back(effect);
    }
}

impl Node for Producer {
    fn handle(&mut self, now: Timestamp, input: Input) {
        let now = self.steady.read(now);
        match input {
            Input::Tick => {}
            Input::Send(record) => self.send(now, &record),
            Input::Response { request, result } => self.finish_request(now, request, result),
            Input::Shutdown => {
                self.accumulator.stop_lingering();
                self.stopping = Stopping::Asked;
            }
            other => panic!("a producer has no use for {other:?}"),
        }
        self.advance(now);
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let departures = self
            .accumulator
            .iter()
            .map(|(name, partition)| self.departure(name, partition).map(|(at, _leader)| at));
        let deadline = departures.fold(self.accumulator.next_expiry(), earliest);
        let deadline = earliest(deadline, self.metadata.next_deadline());
        earliest(deadline, self.identity.next_deadline()).map(|at| self.steady.on_clock(at))
    }
}
