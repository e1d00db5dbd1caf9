//! Stories about a controller, asked through frames as brokers and admins ask it.

mod bad_input;
mod brokers;
mod disk;
mod durability;
mod elect;
mod eligible;
mod partitions;
mod snapshots;
mod topics;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::alter_partition_request::{BrokerState, PartitionData, TopicData};
use kafka_protocol::messages::broker_registration_request::Listener;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{
    AllocateProducerIdsRequest, AlterPartitionRequest, AlterPartitionResponse, BrokerHeartbeatRequest,
    BrokerHeartbeatResponse, BrokerRegistrationRequest, CreateTopicsRequest, FetchRequest, TopicName,
};
use kafka_protocol::protocol::{Request, StrBytes};

use super::*;
use crate::config::{BrokerConfig, Properties, Scope, TimeScale};
use crate::error::ErrorCode;
use crate::event::Event;
use crate::io::{ConnectionId, Effect, FlushId, FlushStep, Input, Node, RequestId};
use crate::metadata::PartitionState;
use crate::testing::SharedStorage;
use crate::time::Timestamp;
use crate::types::{BrokerId, TopicId};
use crate::wire;

/// A controller, its disk, and whoever asks it.
struct Rig {
    now: Timestamp,
    storage: SharedStorage,
    config: ControllerConfig,
    controller: Controller,
    connections: u64,
    /// Flushes that were begun and are not finished.
    flushes: Vec<(FlushId, Vec<FlushStep>)>,
    answers: BTreeMap<ConnectionId, Bytes>,
    closed: Vec<ConnectionId>,
    events: Vec<Event>,
}

fn config() -> ControllerConfig {
    ControllerConfig { broker: BrokerConfig::new(&Properties::new(Scope::Broker), TimeScale::Kafka) }
}

/// Kafka before eligible leader replicas (KIP-966).
fn config_without_elr() -> ControllerConfig {
    let mut config = config();
    config.broker.eligible_leader_replicas = false;
    config
}

fn open(now: Timestamp, storage: &SharedStorage, config: &ControllerConfig) -> Controller {
    Controller::open(now, Box::new(storage.clone()), config.clone()).unwrap()
}

impl Rig {
    fn new() -> Rig {
        Rig::configured(config())
    }

    fn configured(config: ControllerConfig) -> Rig {
        let (now, storage) = (Timestamp::ZERO, SharedStorage::default());
        let controller = open(now, &storage, &config);
        let mut rig = Rig {
            now,
            storage,
            config,
            controller,
            connections: 0,
            flushes: Vec::new(),
            answers: BTreeMap::new(),
            closed: Vec::new(),
            events: Vec::new(),
        };
        rig.collect();
        rig.finish_flushes();
        rig
    }

    /// With brokers 1 to `count`, registered and unfenced. Broker 1 has epoch 0.
    fn with_brokers(count: i32) -> Rig {
        Rig::new().and_brokers(count)
    }

    fn and_brokers(mut self, count: i32) -> Rig {
        for broker in 1..=count {
            self.register(broker, 1).unwrap();
            assert!(!self.heartbeat(broker).is_fenced);
        }
        self
    }

    /// The same with topic `orders` of one partition, whose replicas are all of them, led by broker 1.
    fn with_topic(count: i32, configs: &[(&str, &str)]) -> (Rig, TopicId) {
        Rig::with_brokers(count).and_topic(count, configs)
    }

    /// The same without eligible leader replicas.
    fn without_elr(count: i32, configs: &[(&str, &str)]) -> (Rig, TopicId) {
        Rig::configured(config_without_elr()).and_brokers(count).and_topic(count, configs)
    }

    fn and_topic(mut self, factor: i32, configs: &[(&str, &str)]) -> (Rig, TopicId) {
        assert_eq!(self.create_topic("orders", 1, factor, configs), ErrorCode::NONE);
        let id = self.controller.image().topic_id("orders").unwrap();
        (self, id)
    }

    fn handle(&mut self, input: Input) {
        self.controller.handle(self.now, input);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(effect) = self.controller.poll_effect() {
            match effect {
                Effect::Respond { connection, frame } => {
                    let before = self.answers.insert(connection, frame.expect("everything is answered"));
                    assert_eq!(before, None, "answered twice");
                }
                Effect::Flush { flush, steps } => self.flushes.push((flush, steps)),
                Effect::Close { connection } => self.closed.push(connection),
                Effect::Observe(event) => self.events.push(event),
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    fn finish_flushes(&mut self) {
        while !self.flushes.is_empty() {
            let (flush, steps) = self.flushes.remove(0);
            self.storage.borrow_mut().apply(&steps);
            self.handle(Input::Flushed { flush, result: Ok(()) });
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.handle(Input::Tick);
        self.finish_flushes();
    }

    fn send<R: Request>(&mut self, body: &R) -> ConnectionId {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let frame = wire::encode_request(RequestId(1), "test", body);
        self.handle(Input::Request { connection, frame });
        connection
    }

    fn answer<R: Request>(&mut self, connection: ConnectionId) -> Option<R::Response> {
        let frame = self.answers.remove(&connection)?;
        Some(wire::decode_response::<R>(frame).unwrap())
    }

    fn ask<R: Request>(&mut self, body: &R) -> R::Response {
        let connection = self.send(body);
        self.finish_flushes();
        self.answer::<R>(connection).expect("answered once everything is flushed")
    }

    /// The process ends and a new one starts from what is on the disk.
    fn restart(&mut self) {
        self.flushes.clear();
        self.answers.clear();
        self.controller = open(self.now, &self.storage, &self.config);
        self.collect();
    }

    fn epoch(&self, broker: i32) -> i64 {
        self.controller.image().broker(BrokerId(broker)).map_or(-1, |known| known.epoch.0)
    }

    fn register(&mut self, broker: i32, incarnation: u128) -> Result<i64, ErrorCode> {
        let response = self.ask(&registration(broker, incarnation));
        let error = ErrorCode(response.error_code);
        if error.is_none() { Ok(response.broker_epoch) } else { Err(error) }
    }

    /// A heartbeat of a broker that has read everything.
    fn heartbeat(&mut self, broker: i32) -> BrokerHeartbeatResponse {
        let read = self.controller.image().end_offset().0;
        self.ask(&heartbeat(broker, self.epoch(broker), read))
    }

    fn wants_to_stop(&mut self, broker: i32) -> bool {
        let read = self.controller.image().end_offset().0;
        let body = heartbeat(broker, self.epoch(broker), read).with_want_shut_down(true);
        self.ask(&body).should_shut_down
    }

    /// These brokers live on, everybody else's session ends.
    fn only_alive(&mut self, alive: &[i32]) {
        let session = config().broker.session_timeout;
        for _ in 0..2 {
            self.pass(session / 2);
            for broker in alive {
                self.heartbeat(*broker);
            }
        }
    }

    fn create_topic(
        &mut self,
        name: &str,
        partitions: i32,
        factor: i32,
        configs: &[(&str, &str)],
    ) -> ErrorCode {
        let configs = configs.iter().map(|(name, value)| {
            CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
        });
        let topic = CreatableTopic::default()
            .with_name(TopicName(text(name)))
            .with_num_partitions(partitions)
            .with_replication_factor(factor as i16)
            .with_configs(configs.collect());
        let response = self.ask(&CreateTopicsRequest::default().with_topics(vec![topic]));
        ErrorCode(response.topics[0].error_code)
    }

    fn state(&self, topic: TopicId) -> &PartitionState {
        self.controller.image().partition(topic, 0).unwrap()
    }

    /// Leader, ISR, leader epoch and partition epoch.
    fn partition(&self, topic: TopicId) -> (i32, Vec<i32>, i32, i32) {
        let state = self.state(topic);
        let isr = state.isr.iter().map(|member| member.0).collect();
        (state.leader.0, isr, state.leader_epoch.0, state.partition_epoch.0)
    }

    fn producer_ids(&mut self, broker: i32) -> std::ops::Range<i64> {
        let epoch = self.epoch(broker);
        let body =
            AllocateProducerIdsRequest::default().with_broker_id(broker.into()).with_broker_epoch(epoch);
        let response = self.ask(&body);
        assert_eq!(response.error_code, 0);
        let start = response.producer_id_start.0;
        start..start + i64::from(response.producer_id_len)
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn registration(broker: i32, incarnation: u128) -> BrokerRegistrationRequest {
    let listener = Listener::default().with_name(text("PLAINTEXT")).with_host(text("host")).with_port(9092);
    BrokerRegistrationRequest::default()
        .with_broker_id(broker.into())
        .with_incarnation_id(uuid::Uuid::from_u128(incarnation))
        .with_listeners(vec![listener])
}

fn heartbeat(broker: i32, epoch: i64, read: i64) -> BrokerHeartbeatRequest {
    BrokerHeartbeatRequest::default()
        .with_broker_id(broker.into())
        .with_broker_epoch(epoch)
        .with_current_metadata_offset(read)
}

/// A fetch of the metadata log that waits for a second.
fn metadata_fetch(offset: i64) -> FetchRequest {
    let partition = FetchPartition::default().with_fetch_offset(offset).with_partition_max_bytes(1 << 20);
    let topic =
        FetchTopic::default().with_topic_id(TopicId::METADATA.to_uuid()).with_partitions(vec![partition]);
    FetchRequest::default().with_max_wait_ms(1_000).with_topics(vec![topic])
}
