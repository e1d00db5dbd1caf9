//! Producer ids, taken from the controller in blocks (KIP-730, `RPCProducerIdManager`).

use std::collections::VecDeque;

use bytes::Bytes;
use kafka_protocol::messages::{
    AllocateProducerIdsRequest, BrokerId as WireBrokerId, InitProducerIdRequest, InitProducerIdResponse,
    ProducerId as WireProducerId,
};

use super::node::Broker;
use super::peers::Purpose;
use crate::error::{ErrorCode, RequestError};
use crate::io::ConnectionId;
use crate::time::Timestamp;
use crate::wire::{self, RequestContext};

/// Somebody who waits for a producer id.
#[derive(Debug)]
struct Waiting {
    connection: ConnectionId,
    context: RequestContext,
    deadline: Timestamp,
}

/// Ids this broker may give away, and who waits for one.
#[derive(Debug, Default)]
pub(super) struct ProducerIds {
    block: std::ops::Range<i64>,
    waiting: VecDeque<Waiting>,
    retry_at: Option<Timestamp>,
}

impl ProducerIds {
    pub fn connection_closed(&mut self, connection: ConnectionId) {
        self.waiting.retain(|waiting| waiting.connection != connection);
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        let first = self.waiting.front().map(|waiting| waiting.deadline);
        crate::time::earliest(first, self.retry_at.filter(|_| !self.waiting.is_empty()))
    }
}

impl Broker {
    pub(super) fn init_producer_id(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: &InitProducerIdRequest,
    ) {
        let refused = match &body.transactional_id {
            Some(id) if id.0.is_empty() => Some(ErrorCode::INVALID_REQUEST),
            // Transactions are left out: nobody may have one.
            Some(_) => Some(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
            // Who names an id names its epoch.
            None if (body.producer_id.0 == -1) != (body.producer_epoch == -1) => {
                Some(ErrorCode::INVALID_REQUEST)
            }
            None => None,
        };
        if let Some(error) = refused {
            return self.respond(connection, context, &no_id(error));
        }
        let deadline = now + self.shared.settings.config.controller_socket_timeout;
        self.producer_ids.waiting.push_back(Waiting { connection, context, deadline });
        // `tick_producer_ids` follows at once.
    }

    /// Gives ids to whoever waits, asks for a block if there is none left, and gives up on whoever waited too long.
    pub(super) fn tick_producer_ids(&mut self, now: Timestamp) {
        while let Some(waiting) = self.producer_ids.waiting.front() {
            let (connection, context) = (waiting.connection, waiting.context);
            let response = if let Some(id) = self.producer_ids.block.next() {
                InitProducerIdResponse::default().with_producer_id(WireProducerId(id)).with_producer_epoch(0)
            } else if waiting.deadline <= now {
                no_id(ErrorCode::REQUEST_TIMED_OUT)
            } else {
                return self.ask_for_block(now);
            };
            self.producer_ids.waiting.pop_front();
            self.respond(connection, context, &response);
        }
    }

    fn ask_for_block(&mut self, now: Timestamp) {
        let under_way = self.peers.is_under_way(|purpose| matches!(purpose, Purpose::ProducerIds));
        let too_early = self.producer_ids.retry_at.is_some_and(|at| now < at);
        let Some(epoch) = self.lifecycle.broker_epoch() else {
            self.producer_ids.retry_at = Some(now + self.shared.settings.config.replica_fetch_backoff);
            return;
        };
        if under_way || too_early {
            return;
        }
        self.producer_ids.retry_at = None;
        let body = AllocateProducerIdsRequest::default()
            .with_broker_id(WireBrokerId(self.id().0))
            .with_broker_epoch(epoch.0);
        self.ask_controller(&body, Purpose::ProducerIds);
    }

    pub(super) fn producer_ids_allocated(&mut self, now: Timestamp, result: Result<Bytes, RequestError>) {
        let response = result
            .ok()
            .and_then(|frame| wire::decode_response::<AllocateProducerIdsRequest>(frame).ok())
            .filter(|response| ErrorCode(response.error_code).is_none());
        let block = response.and_then(|response| {
            let (start, count) = (response.producer_id_start.0, i64::from(response.producer_id_len));
            // A block with nothing in it would be asked for again at once, and again.
            (0 <= start && 0 < count).then_some(start..start.checked_add(count)?)
        });
        match block {
            Some(block) => self.producer_ids.block = block,
            None => {
                let backoff = self.shared.settings.config.replica_fetch_backoff;
                self.producer_ids.retry_at = Some(now + backoff);
            }
        }
    }
}

fn no_id(error: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse::default()
        .with_error_code(error.0)
        .with_producer_id(WireProducerId(-1))
        .with_producer_epoch(-1)
}
