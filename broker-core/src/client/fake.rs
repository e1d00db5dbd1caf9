//! A hand-driven outside for tests: collects what a client wants done, and answers as a broker would.

use std::collections::VecDeque;
use std::sync::Arc;

use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::protocol::{Encodable, StrBytes};

use super::requests::topic_name;
use crate::error::RequestError;
use crate::event::Event;
use crate::io::{Effect, Input, Node, RequestId, ResponseExpected};
use crate::time::Timestamp;
use crate::types::{Endpoint, TopicId};
use crate::wire::{self, Request, RequestContext};

pub(super) const TOPIC: &str = "orders";
pub(super) const TOPIC_ID: TopicId = TopicId(77);

/// Where broker `id` listens.
pub(super) fn endpoint(id: i32) -> Endpoint {
    Endpoint { host: Arc::from(format!("broker-{id}")), port: 9092 }
}

/// A request a client sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) to: Endpoint,
    pub(super) id: RequestId,
    pub(super) context: RequestContext,
    pub(super) body: Request,
    pub(super) response: ResponseExpected,
    pub(super) at: Timestamp,
}

/// A client with time and network in the hands of the test.
pub(super) struct Rig<N> {
    pub(super) node: N,
    pub(super) now: Timestamp,
    pub(super) requests: VecDeque<Sent>,
    pub(super) events: Vec<Event>,
    pub(super) others: Vec<Effect>,
}

impl<N: Node> Rig<N> {
    pub(super) fn new(node: N) -> Rig<N> {
        let (requests, events, others) = (VecDeque::new(), Vec::new(), Vec::new());
        Rig { node, now: Timestamp(1_000_000), requests, events, others }
    }

    pub(super) fn input(&mut self, input: Input) {
        self.node.handle(self.now, input);
        while let Some(effect) = self.node.poll_effect() {
            match effect {
                Effect::Request { to, request: id, frame, response, .. } => {
                    let (context, body) =
                        wire::decode_request(frame).expect("clients write what brokers read");
                    assert_eq!(context.correlation_id, id.0);
                    self.requests.push_back(Sent { to, id, context, body, response, at: self.now });
                }
                Effect::Observe(event) => self.events.push(event),
                other => self.others.push(other),
            }
        }
    }

    pub(super) fn tick(&mut self) {
        self.input(Input::Tick);
    }

    /// Lets time pass to the next deadline, which must exist.
    pub(super) fn wake(&mut self) {
        let due = self.node.next_deadline().expect("a deadline");
        self.now = self.now.max(due);
        self.tick();
    }

    /// Lets time pass to `later`, waking the client at every deadline before.
    pub(super) fn run_until(&mut self, later: Timestamp) {
        for _step in 0..10_000 {
            match self.node.next_deadline() {
                Some(due) if due <= later => self.wake(),
                _ => {
                    self.now = later;
                    return;
                }
            }
        }
        panic!("busy: deadline {:?} at {:?}", self.node.next_deadline(), self.now);
    }

    /// The oldest request that was not looked at yet.
    pub(super) fn take_request(&mut self) -> Sent {
        self.requests.pop_front().expect("a request")
    }

    pub(super) fn answer<B: Encodable>(&mut self, to: &Sent, body: &B) {
        let frame = wire::encode_response(to.context, body);
        self.input(Input::Response { request: to.id, result: Ok(frame) });
    }

    pub(super) fn fail(&mut self, to: &Sent, error: RequestError) {
        self.input(Input::Response { request: to.id, result: Err(error) });
    }
}

/// Metadata of a cluster of brokers 1 to 3 in which topic [`TOPIC`] has these (leader, leader epoch) by partition.
pub(super) fn metadata(leaders: &[(i32, i32)]) -> MetadataResponse {
    let brokers = (1..=3)
        .map(|id| {
            let Endpoint { host, port } = endpoint(id);
            MetadataResponseBroker::default()
                .with_node_id(id.into())
                .with_host(StrBytes::from_string(host.to_string()))
                .with_port(i32::from(port))
        })
        .collect();
    let partitions = (0..)
        .zip(leaders)
        .map(|(index, (leader, epoch))| {
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id((*leader).into())
                .with_leader_epoch(*epoch)
        })
        .collect();
    let topic = MetadataResponseTopic::default()
        .with_name(Some(topic_name(TOPIC)))
        .with_topic_id(TOPIC_ID.to_uuid())
        .with_partitions(partitions);
    MetadataResponse::default().with_brokers(brokers).with_topics(vec![topic])
}
