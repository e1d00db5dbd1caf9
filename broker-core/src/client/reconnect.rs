//! Brokers that are left alone for a while because a connection to them failed (`ClusterConnectionStates`).

use std::collections::BTreeMap;

use super::backoff::Backoff;
use crate::time::Timestamp;
use crate::types::BrokerId;

/// Which broker may be asked again when.
///
/// * A broker that answered since its last failure is not in the map.
/// * Requests that fail together, because they shared a connection, count as one failure.
#[derive(Debug)]
pub(super) struct Reconnect {
    backoff: Backoff,
    failed: BTreeMap<BrokerId, Failed>,
}

#[derive(Debug)]
struct Failed {
    times: u32,
    until: Timestamp,
}

impl Reconnect {
    pub(super) fn new(backoff: Backoff) -> Reconnect {
        Reconnect { backoff, failed: BTreeMap::new() }
    }

    /// A request to this broker got no answer.
    pub(super) fn failed(&mut self, now: Timestamp, broker: BrokerId) {
        let entry = self.failed.entry(broker).or_insert(Failed { times: 0, until: Timestamp::ZERO });
        if entry.until <= now {
            entry.until = now + self.backoff.pause(entry.times);
            entry.times += 1;
        }
    }

    /// This broker answered a request.
    pub(super) fn answered(&mut self, broker: BrokerId) {
        self.failed.remove(&broker);
    }

    /// From when on this broker may be asked.
    pub(super) fn not_before(&self, broker: BrokerId) -> Timestamp {
        self.failed.get(&broker).map_or(Timestamp::ZERO, |entry| entry.until)
    }
}
