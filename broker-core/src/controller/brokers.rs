//! Which brokers live: registration, heartbeats, fencing (`ClusterControlManager`, `BrokerHeartbeatManager`).

use std::sync::Arc;

use kafka_protocol::messages::{
    BrokerHeartbeatRequest, BrokerHeartbeatResponse, BrokerRegistrationRequest, BrokerRegistrationResponse,
};

use super::changes::Cause;
use super::node::Controller;
use crate::error::ErrorCode;
use crate::event::Event;
use crate::io::ConnectionId;
use crate::metadata::MetadataRecord;
use crate::time::Timestamp;
use crate::types::{BrokerEpoch, BrokerId, Endpoint, Offset};
use crate::wire::RequestContext;

/// What only time tells about a broker that is not fenced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    last_contact: Timestamp,
    /// How far the broker says it has read the metadata log.
    metadata_offset: Offset,
    /// Set while it wants to stop: everybody must have read this far before it may.
    shutdown_offset: Option<Offset>,
}

impl Session {
    pub(super) fn starting(now: Timestamp) -> Session {
        Session { last_contact: now, metadata_offset: Offset::ZERO, shutdown_offset: None }
    }
}

impl Controller {
    /// A broker asks to be let in. Refused while another process with its id has a live session: that one might still
    /// be leading.
    pub(super) fn register(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: &BrokerRegistrationRequest,
    ) {
        let broker = BrokerId(body.broker_id.0);
        let incarnation = body.incarnation_id.as_u128();
        let known = self.image.broker(broker);
        let refused = match body.listeners.first() {
            None => Some(ErrorCode::INVALID_REQUEST),
            // -1 stands for nobody.
            Some(_) if broker.0 < 0 => Some(ErrorCode::INVALID_REQUEST),
            Some(_) => {
                let other = known.is_some_and(|known| known.incarnation != incarnation);
                (other && self.sessions.contains_key(&broker))
                    .then_some(ErrorCode::DUPLICATE_BROKER_REGISTRATION)
            }
        };
        let mut response = BrokerRegistrationResponse::default();
        match (refused, known.filter(|known| known.incarnation == incarnation)) {
            (Some(error), _) => response.error_code = error.0,
            // The answer to its first try was lost.
            (None, Some(known)) => response.broker_epoch = known.epoch.0,
            (None, None) => {
                let listener = &body.listeners[0];
                let endpoint = Endpoint { host: Arc::from(listener.host.as_str()), port: listener.port };
                let previous = BrokerEpoch(body.previous_broker_epoch);
                response.broker_epoch = self.admit(now, broker, previous, incarnation, endpoint).0;
            }
        }
        self.respond(connection, context, &response);
    }

    /// Admits a new process. Only one that knows the epoch its predecessor had shut down in good order; any other may lack
    /// what was in its page cache and leaves every ISR and ELR with the same batch that registers it
    /// (`handleBrokerShutdown`).
    fn admit(
        &mut self,
        now: Timestamp,
        broker: BrokerId,
        previous: BrokerEpoch,
        incarnation: u128,
        endpoint: Endpoint,
    ) -> BrokerEpoch {
        let broker_epoch = BrokerEpoch(self.image.end_offset().0);
        let unclean = self.image.broker(broker).is_some_and(|known| known.epoch != previous);
        let eligible = self.config.broker.eligible_leader_replicas;
        let cause = if unclean && eligible { Cause::UncleanShutdown(broker) } else { Cause::Leaves(broker) };
        let changes = self.consequences(cause);
        let record = MetadataRecord::RegisterBroker { broker, broker_epoch, incarnation, endpoint };
        self.commit(now, Some(record), changes);
        self.observe(Event::BrokerRegistered { broker, broker_epoch, unclean });
        broker_epoch
    }

    /// A broker says that it lives, how far it has read, and whether it wants to stop.
    pub(super) fn heartbeat(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: &BrokerHeartbeatRequest,
    ) {
        let broker = BrokerId(body.broker_id.0);
        let mut response = BrokerHeartbeatResponse::default().with_is_fenced(true);
        match self.image.broker(broker) {
            None => response.error_code = ErrorCode::BROKER_ID_NOT_REGISTERED.0,
            Some(known) if known.epoch.0 != body.broker_epoch => {
                response.error_code = ErrorCode::STALE_BROKER_EPOCH.0;
            }
            Some(known) => {
                let read = Offset(body.current_metadata_offset);
                response.is_caught_up = known.epoch.0 < read.0;
                if known.fenced {
                    if response.is_caught_up && !body.want_fence && !body.want_shut_down {
                        self.unfence(now, broker);
                    } else if body.want_shut_down {
                        response.should_shut_down = true;
                    }
                }
                if let Some(session) = self.sessions.get_mut(&broker) {
                    session.last_contact = now;
                    session.metadata_offset = read;
                }
                if body.want_shut_down && self.sessions.contains_key(&broker) {
                    response.should_shut_down = self.controlled_shutdown(now, broker);
                }
                response.is_fenced = self.image.broker(broker).is_none_or(|known| known.fenced);
            }
        }
        self.respond(connection, context, &response);
    }

    fn unfence(&mut self, now: Timestamp, broker: BrokerId) {
        self.sessions.insert(broker, Session::starting(now));
        self.observe(Event::BrokerUnfenced { broker });
        let changes = self.consequences(Cause::Returns(broker));
        self.commit(now, Some(MetadataRecord::UnfenceBroker { broker }), changes);
    }

    fn fence(&mut self, now: Timestamp, broker: BrokerId) {
        self.sessions.remove(&broker);
        self.observe(Event::BrokerFenced { broker });
        let changes = self.consequences(Cause::Leaves(broker));
        self.commit(now, Some(MetadataRecord::FenceBroker { broker }), changes);
    }

    /// Moves leadership and ISR memberships away from a broker that wants to stop; whether it may now: once everybody
    /// else who lives has read of it.
    fn controlled_shutdown(&mut self, now: Timestamp, broker: BrokerId) -> bool {
        if self.image.broker(broker).is_some_and(|known| !known.in_controlled_shutdown) {
            let changes = self.consequences(Cause::Leaves(broker));
            self.commit(now, Some(MetadataRecord::ControlledShutdown { broker }), changes);
            let end = self.image.end_offset();
            self.sessions.entry(broker).and_modify(|session| session.shutdown_offset = Some(end));
        }
        // A controller that restarted meanwhile does not know the offset any more; the current end is safe.
        let end = self.image.end_offset();
        let session = self.sessions.get_mut(&broker).expect("the caller has looked");
        let needed = *session.shutdown_offset.get_or_insert(end);
        let others = self.sessions.iter().filter(|(other, _)| **other != broker);
        let everybody_knows = others.map(|(_, session)| session.metadata_offset).all(|read| needed <= read);
        if everybody_knows {
            self.fence(now, broker);
        }
        everybody_knows
    }

    /// Ends the sessions of brokers that were silent for too long.
    pub(super) fn fence_expired(&mut self, now: Timestamp) {
        let timeout = self.config.broker.session_timeout;
        let silent = |session: &Session| session.last_contact + timeout <= now;
        while let Some(broker) =
            self.sessions.iter().find(|(_, session)| silent(session)).map(|(broker, _)| *broker)
        {
            self.fence(now, broker);
        }
    }

    /// When the next session ends if nobody is heard of.
    pub(super) fn next_session_end(&self) -> Option<Timestamp> {
        let timeout = self.config.broker.session_timeout;
        self.sessions.values().map(|session| session.last_contact + timeout).min()
    }
}
