//! How a producer comes to its id and epoch (KIP-98, KIP-360).

use std::collections::BTreeSet;

use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};

use super::sequences::Identity;
use crate::client::backoff::Backoff;
use crate::time::Timestamp;
use crate::types::{ProducerEpoch, ProducerId};

/// The producer's identity, or how far it is from having one.
///
/// * At most one request for a producer id is in flight.
/// * An identity that was given up is never used again: epochs rise, and an id that is handed out a second time is not
///   taken.
#[derive(Debug)]
pub(super) struct IdentityKeeper {
    state: State,
    given_up: BTreeSet<ProducerId>,
    backoff: Backoff,
    failures: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Without idempotence nobody needs one.
    NotNeeded,
    Missing {
        not_before: Timestamp,
    },
    Asking,
    Known(Identity),
}

impl IdentityKeeper {
    pub(super) fn new(idempotence: bool, backoff: Backoff) -> IdentityKeeper {
        let missing = State::Missing { not_before: Timestamp::ZERO };
        let state = if idempotence { missing } else { State::NotNeeded };
        IdentityKeeper { state, given_up: BTreeSet::new(), backoff, failures: 0 }
    }

    pub(super) fn current(&self) -> Option<Identity> {
        match self.state {
            State::Known(identity) => Some(identity),
            _ => None,
        }
    }

    /// The request for an id, if it is due. Kafka asks for a fresh id, not for an epoch of the old one: without
    /// transactions the epoch is the producer's own business.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<InitProducerIdRequest> {
        match self.state {
            State::Missing { not_before } if not_before <= now => {
                self.state = State::Asking;
                let body = InitProducerIdRequest::default()
                    .with_transactional_id(None)
                    .with_transaction_timeout_ms(i32::MAX)
                    .with_producer_id(ProducerId::NONE.0.into())
                    .with_producer_epoch(ProducerEpoch::NONE.0);
                Some(body)
            }
            _ => None,
        }
    }

    /// The request for an id has ended; the identity if it brought one.
    pub(super) fn finish(
        &mut self,
        now: Timestamp,
        response: Option<&InitProducerIdResponse>,
    ) -> Option<Identity> {
        assert!(matches!(self.state, State::Asking), "nobody asked for a producer id");
        let usable = |response: &&InitProducerIdResponse| {
            let known = self.given_up.contains(&ProducerId(response.producer_id.0));
            response.error_code == 0 && !known && 0 <= response.producer_id.0 && 0 <= response.producer_epoch
        };
        let granted = response.filter(usable);
        let Some(granted) = granted else {
            self.state = State::Missing { not_before: now + self.backoff.pause(self.failures) };
            self.failures = self.failures.saturating_add(1);
            return None;
        };
        let identity =
            Identity { id: ProducerId(granted.producer_id.0), epoch: ProducerEpoch(granted.producer_epoch) };
        self.state = State::Known(identity);
        self.failures = 0;
        Some(identity)
    }

    /// The next epoch of the same id, or no identity if there is none (`bumpIdempotentProducerEpoch`).
    pub(super) fn bump(&mut self) -> Option<Identity> {
        let current = self.current()?;
        let Some(epoch) = current.epoch.0.checked_add(1) else {
            self.discard();
            return None;
        };
        let identity = Identity { id: current.id, epoch: ProducerEpoch(epoch) };
        self.state = State::Known(identity);
        Some(identity)
    }

    /// The identity is of no use any more; ask for a new id.
    pub(super) fn discard(&mut self) {
        let current = self.current().expect("there is an identity to give up");
        self.given_up.insert(current.id);
        self.state = State::Missing { not_before: Timestamp::ZERO };
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        match self.state {
            State::Missing { not_before } => Some(not_before),
            State::NotNeeded | State::Asking | State::Known(_) => None,
        }
    }
}
