//! Registration, heartbeats and controlled shutdown (`BrokerLifecycleManager`, KIP-631).

use bytes::Bytes;
use kafka_protocol::messages::broker_registration_request::Listener;
use kafka_protocol::messages::{BrokerHeartbeatRequest, BrokerId as WireBrokerId, BrokerRegistrationRequest};
use kafka_protocol::protocol::StrBytes;

use super::node::Broker;
use super::peers::Purpose;
use crate::error::{ErrorCode, RequestError};
use crate::event::Event;
use crate::time::{Timestamp, earliest};
use crate::types::BrokerEpoch;
use crate::wire;

/// How long a broker waits for the controller to move its leaderships, in session timeouts. Kafka waits five minutes.
const CONTROLLED_SHUTDOWN_SESSIONS: u32 = 10;

/// Where a broker is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Registering,
    Registered,
    /// Told to stop; waits for the controller to let it go, but not beyond the deadline.
    Leaving {
        deadline: Timestamp,
    },
    /// Writes its last checkpoints; answers nobody.
    Stopping,
}

/// A broker's standing with the controller.
#[derive(Debug)]
pub(super) struct Lifecycle {
    stage: Stage,
    broker_epoch: Option<BrokerEpoch>,
    previous_epoch: BrokerEpoch,
    /// When to send the next registration or heartbeat; `None` while one is under way.
    next_contact: Option<Timestamp>,
}

impl Lifecycle {
    /// Registers once [`Lifecycle::opened`] says so.
    pub fn new(previous_epoch: BrokerEpoch) -> Lifecycle {
        Lifecycle { stage: Stage::Registering, broker_epoch: None, previous_epoch, next_contact: None }
    }

    /// The disk is as it must be before anybody hears of this broker.
    pub fn opened(&mut self, now: Timestamp) {
        self.next_contact = Some(now);
    }

    pub fn broker_epoch(&self) -> Option<BrokerEpoch> {
        self.broker_epoch
    }

    pub fn is_stopping(&self) -> bool {
        self.stage == Stage::Stopping
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Registering | Stage::Registered => self.next_contact,
            Stage::Leaving { deadline } => earliest(self.next_contact, Some(deadline)),
            Stage::Stopping => None,
        }
    }
}

impl Broker {
    pub(super) fn tick_lifecycle(&mut self, now: Timestamp) {
        if let Stage::Leaving { deadline } = self.lifecycle.stage
            && deadline <= now
        {
            self.stop();
        }
        if self.lifecycle.next_contact.is_none_or(|at| now < at) || self.lifecycle.is_stopping() {
            return;
        }
        self.lifecycle.next_contact = None;
        match (self.lifecycle.stage, self.lifecycle.broker_epoch) {
            (Stage::Registering, _) | (_, None) => self.register(),
            (stage, Some(epoch)) => {
                let body = BrokerHeartbeatRequest::default()
                    .with_broker_id(WireBrokerId(self.id().0))
                    .with_broker_epoch(epoch.0)
                    .with_current_metadata_offset(self.shared.image.end_offset().0)
                    .with_want_shut_down(matches!(stage, Stage::Leaving { .. }));
                self.ask_controller(&body, Purpose::Heartbeat);
            }
        }
    }

    fn register(&mut self) {
        let settings = &self.shared.settings;
        let listener = Listener::default()
            .with_name(StrBytes::from_static_str("PLAINTEXT"))
            .with_host(StrBytes::from_string(settings.endpoint.host.to_string()))
            .with_port(settings.endpoint.port);
        let body = BrokerRegistrationRequest::default()
            .with_broker_id(WireBrokerId(settings.id.0))
            .with_incarnation_id(uuid::Uuid::from_u128(settings.incarnation))
            .with_listeners(vec![listener])
            .with_previous_broker_epoch(self.lifecycle.previous_epoch.0);
        self.ask_controller(&body, Purpose::Registration);
    }

    pub(super) fn registered(&mut self, now: Timestamp, result: Result<Bytes, RequestError>) {
        let interval = self.shared.settings.config.heartbeat_interval;
        let response = result
            .ok()
            .and_then(|frame| wire::decode_response::<BrokerRegistrationRequest>(frame).ok())
            .filter(|response| ErrorCode(response.error_code).is_none() && 0 <= response.broker_epoch);
        let Some(response) = response else {
            // Perhaps the controller is away, perhaps a predecessor's session has not ended yet.
            self.lifecycle.next_contact = Some(now + interval);
            return;
        };
        let broker_epoch = BrokerEpoch(response.broker_epoch);
        self.lifecycle.broker_epoch = Some(broker_epoch);
        if self.lifecycle.stage == Stage::Registering {
            self.lifecycle.stage = Stage::Registered;
        }
        self.lifecycle.next_contact = Some(now);
        let broker = self.id();
        self.observe(Event::BrokerStarted { broker, broker_epoch });
        self.publish_metadata(now);
    }

    pub(super) fn heartbeat_answered(&mut self, now: Timestamp, result: Result<Bytes, RequestError>) {
        let interval = self.shared.settings.config.heartbeat_interval;
        let response = result
            .ok()
            .and_then(|frame| wire::decode_response::<BrokerHeartbeatRequest>(frame).ok())
            .filter(|response| ErrorCode(response.error_code).is_none());
        let leaving = matches!(self.lifecycle.stage, Stage::Leaving { .. });
        if leaving && response.as_ref().is_some_and(|response| response.should_shut_down) {
            return self.stop();
        }
        // A fenced broker that has read up to its registration need not wait to say so, nor one that wants to leave.
        let hurry = leaving || response.is_some_and(|response| response.is_fenced);
        let pause = if hurry { interval / 10 } else { interval };
        self.lifecycle.next_contact = Some(now + pause);
    }

    /// Leaves in good order: first the controller moves what this broker leads.
    pub(super) fn shut_down(&mut self, now: Timestamp) {
        let patience = self.shared.settings.config.session_timeout * CONTROLLED_SHUTDOWN_SESSIONS;
        if self.lifecycle.broker_epoch.is_none() {
            return self.stop();
        }
        if matches!(self.lifecycle.stage, Stage::Registering | Stage::Registered) {
            self.lifecycle.stage = Stage::Leaving { deadline: now + patience };
            if self.lifecycle.next_contact.is_some() {
                self.lifecycle.next_contact = Some(now);
            }
        }
    }

    fn stop(&mut self) {
        self.lifecycle.stage = Stage::Stopping;
        self.lifecycle.next_contact = None;
        self.flush_for_shutdown();
    }
}
