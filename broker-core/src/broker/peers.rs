//! Requests this broker has sent to the controller and to other brokers, and where their answers belong.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::protocol::Request as WireRequest;

use super::fetcher::Asked;
use super::node::Broker;
use crate::error::RequestError;
use crate::io::{Effect, RequestId, ResponseExpected};
use crate::replica::{OffsetQuestion, Proposal};
use crate::time::Timestamp;
use crate::types::{BrokerId, Endpoint, TopicPartition};
use crate::wire;

/// What a request was for.
#[derive(Debug)]
pub(super) enum Purpose {
    Registration,
    Heartbeat,
    Metadata,
    AlterPartition(Vec<(TopicPartition, Proposal)>),
    ProducerIds,
    Fetch { leader: BrokerId, asked: Vec<Asked> },
    Offset { topic_partition: TopicPartition, asked: OffsetQuestion },
}

/// Requests under way. Each ends exactly once.
#[derive(Debug)]
pub(super) struct Peers {
    client_id: String,
    next: i32,
    in_flight: BTreeMap<RequestId, Purpose>,
}

impl Peers {
    pub fn new(id: BrokerId) -> Peers {
        Peers { client_id: format!("broker-{id}"), next: 0, in_flight: BTreeMap::new() }
    }

    pub fn is_under_way(&self, is: impl Fn(&Purpose) -> bool) -> bool {
        self.in_flight.values().any(is)
    }
}

impl Broker {
    /// Sends a request whose answer comes back to where `purpose` says.
    pub(super) fn ask<R: WireRequest>(
        &mut self,
        to: Endpoint,
        body: &R,
        purpose: Purpose,
        timeout: Duration,
    ) {
        let request = RequestId(self.peers.next);
        self.peers.next = self.peers.next.wrapping_add(1);
        self.peers.in_flight.insert(request, purpose);
        let frame = wire::encode_request(request, &self.peers.client_id, body);
        let response = ResponseExpected::Yes;
        self.effects.push_back(Effect::Request { to, request, frame, timeout, response });
    }

    /// Sends a request to the controller.
    pub(super) fn ask_controller<R: WireRequest>(&mut self, body: &R, purpose: Purpose) {
        let to = self.shared.settings.controller.clone();
        let timeout = self.shared.settings.config.controller_socket_timeout;
        self.ask(to, body, purpose, timeout);
    }

    /// A request came to its end.
    pub(super) fn peer_answered(
        &mut self,
        now: Timestamp,
        request: RequestId,
        result: Result<Bytes, RequestError>,
    ) {
        let purpose = self.peers.in_flight.remove(&request).expect("a request ends once");
        match purpose {
            Purpose::Registration => self.registered(now, result),
            Purpose::Heartbeat => self.heartbeat_answered(now, result),
            Purpose::Metadata => self.metadata_fetched(now, result),
            Purpose::AlterPartition(asked) => self.alter_partition_answered(now, asked, result),
            Purpose::ProducerIds => self.producer_ids_allocated(now, result),
            Purpose::Fetch { leader, asked } => self.fetched(now, leader, asked, result),
            Purpose::Offset { topic_partition, asked } => {
                self.offset_answered(now, &topic_partition, &asked, result);
            }
        }
    }
}
