//! The list of entries and the digest that runs along.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use broker_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use super::event::TraceEvent;

/// Any constant will do; it must only never change within a build.
const DIGEST_SEED: u64 = 0x006b_6166_6b61_5f73;

/// A host of one trace: an index into its table of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u16);

/// One recorded event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    /// Position in the trace as it was recorded, from 0.
    pub number: u64,
    /// Simulated time of the cluster, not of the host's own clock.
    pub time: Timestamp,
    /// Where it happened.
    pub host: HostId,
    /// What happened.
    pub event: TraceEvent,
}

/// Stands for everything in a trace up to some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceDigest(pub u64);

impl fmt::Display for TraceDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A host and when it was last heard of.
struct Host {
    name: Arc<str>,
    last: Timestamp,
}

/// Hands small pieces on as one: the hash is that of the bytes, however they come, and each piece has its price.
struct Gathered<'d> {
    digest: &'d mut XxHash64,
    bytes: [u8; 128],
    len: usize,
}

impl<'d> Gathered<'d> {
    fn new(digest: &'d mut XxHash64) -> Gathered<'d> {
        Gathered { digest, bytes: [0; 128], len: 0 }
    }

    fn flush(&mut self) {
        self.digest.write(&self.bytes[..self.len]);
        self.len = 0;
    }
}

impl Hasher for Gathered<'_> {
    fn write(&mut self, bytes: &[u8]) {
        if self.bytes.len() < self.len + bytes.len() {
            self.flush();
        }
        match self.bytes.get_mut(self.len..self.len + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.digest.write(bytes),
        }
    }

    fn finish(&self) -> u64 {
        unreachable!("whoever asks, asks the digest")
    }
}

/// Records what happens in one run.
///
/// Invariants:
/// * Entry `n` has number `n`, and entries are in the order in which they were recorded. One that was read from a file may
///   lack events, and then numbers only rise.
/// * On each host time never goes back. Between hosts it may, by less than a tick: turmoil runs one host after the other
///   through the same tick.
/// * The digest covers time, host name and event of every entry, and nothing else.
pub struct Trace {
    hosts: Vec<Host>,
    entries: Vec<TraceEntry>,
    digest: XxHash64,
}

impl Trace {
    /// An empty trace.
    pub fn new() -> Trace {
        Trace { hosts: Vec::new(), entries: Vec::new(), digest: XxHash64::with_seed(DIGEST_SEED) }
    }

    /// The id of the host called `name`, new or known.
    pub fn host(&mut self, name: &str) -> HostId {
        let position = self.hosts.iter().position(|known| &*known.name == name).unwrap_or_else(|| {
            self.hosts.push(Host { name: name.into(), last: Timestamp::ZERO });
            self.hosts.len() - 1
        });
        HostId(u16::try_from(position).expect("a simulation has fewer than 65536 hosts"))
    }

    /// The name of `host`, which must be one of this trace's.
    pub fn host_name(&self, host: HostId) -> &str {
        &self.hosts[usize::from(host.0)].name
    }

    /// The names of all hosts, in the order of their ids.
    pub fn host_names(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(|host| &*host.name)
    }

    /// Appends an event and returns its number. Allocates nothing beyond the growth of the list.
    pub fn record(&mut self, time: Timestamp, host: HostId, event: impl Into<TraceEvent>) -> u64 {
        let number = self.entries.len() as u64;
        let Host { name, last } = &self.hosts[usize::from(host.0)];
        assert!(*last <= time, "{name}: time went back from {last} to {time} at entry {number}");
        self.push(number, time, host, event.into());
        number
    }

    /// Appends what a file says. Its number may leave some out that this build does not know.
    pub(super) fn record_read(
        &mut self,
        number: u64,
        time: Timestamp,
        host: HostId,
        event: TraceEvent,
    ) -> Result<(), String> {
        let Host { name, last } = &self.hosts[usize::from(host.0)];
        if time < *last {
            return Err(format!("the time goes back on {name}, from {last} to {time}"));
        }
        self.push(number, time, host, event);
        Ok(())
    }

    fn push(&mut self, number: u64, time: Timestamp, host: HostId, event: TraceEvent) {
        let Host { name, last } = &mut self.hosts[usize::from(host.0)];
        *last = time;
        let mut gathered = Gathered::new(&mut self.digest);
        time.hash(&mut gathered);
        name.hash(&mut gathered);
        event.hash(&mut gathered);
        gathered.flush();
        self.entries.push(TraceEntry { number, time, host, event });
    }

    /// The digest of everything so far.
    pub fn digest(&self) -> TraceDigest {
        TraceDigest(self.digest.finish())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing happened yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries, in order.
    pub fn entries(&self) -> &[TraceEntry] {
        &self.entries
    }

    /// How often each event happened, by name.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.event.name()).or_default() += 1;
        }
        counts
    }
}

impl Default for Trace {
    fn default() -> Self {
        Trace::new()
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({} entries, digest {})", self.len(), self.digest())
    }
}

#[cfg(test)]
mod tests {
    use broker_core::event::Event;
    use broker_core::types::{BrokerEpoch, BrokerId};

    use super::*;
    use crate::trace::event::one_of_each;

    fn digest_of(records: &[(u64, &str, TraceEvent)]) -> TraceDigest {
        let mut trace = Trace::new();
        for (time, host, event) in records {
            let host = trace.host(host);
            trace.record(Timestamp(*time), host, event.clone());
        }
        trace.digest()
    }

    #[test]
    fn equal_records_give_equal_digests_whatever_the_host_ids() {
        let events = one_of_each();
        let records: Vec<_> = events.into_iter().map(|event| (7, "broker-1", event)).collect();
        let mut other = Trace::new();
        other.host("client-0");
        let host = other.host("broker-1");
        for (time, _, event) in &records {
            other.record(Timestamp(*time), host, event.clone());
        }
        assert_eq!(digest_of(&records), other.digest());
    }

    #[test]
    fn every_field_changes_the_digest() {
        let sent = |to: &str, api, correlation, bytes| TraceEvent::RequestSent {
            to: to.into(),
            api,
            correlation,
            bytes,
        };
        let started = |broker, epoch| {
            TraceEvent::Node(Event::BrokerStarted {
                broker: BrokerId(broker),
                broker_epoch: BrokerEpoch(epoch),
            })
        };
        let mut variants = vec![
            (1, "a", sent("b", 0, 1, 2)),
            (2, "a", sent("b", 0, 1, 2)),
            (1, "c", sent("b", 0, 1, 2)),
            (1, "a", sent("c", 0, 1, 2)),
            (1, "a", sent("b", 1, 1, 2)),
            (1, "a", sent("b", 0, 2, 2)),
            (1, "a", sent("b", 0, 1, 3)),
            (1, "a", started(1, 1)),
            (1, "a", started(2, 1)),
            (1, "a", started(1, 2)),
        ];
        variants.extend(one_of_each().into_iter().map(|event| (1, "a", event)));
        let mut digests: Vec<_> =
            variants.iter().map(|record| digest_of(std::slice::from_ref(record))).collect();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), variants.len());
    }

    #[test]
    fn order_matters_and_counts_do_not_lose_any() {
        let a = (1, "a", TraceEvent::HostStarted);
        let b = (1, "b", TraceEvent::HostStarted);
        assert_ne!(digest_of(&[a.clone(), b.clone()]), digest_of(&[b, a]));

        let mut trace = Trace::new();
        let host = trace.host("a");
        for event in one_of_each().into_iter().chain([TraceEvent::HostStarted]) {
            trace.record(Timestamp(1), host, event);
        }
        let counts = trace.counts();
        assert_eq!(counts.values().sum::<u64>(), trace.len() as u64);
        assert_eq!(counts["host_started"], 2);
        assert_eq!(counts["high_watermark_moved"], 1);
    }

    #[test]
    #[should_panic(expected = "time went back")]
    fn time_cannot_go_back() {
        let mut trace = Trace::new();
        let host = trace.host("a");
        trace.record(Timestamp(2), host, TraceEvent::HostStarted);
        trace.record(Timestamp(1), host, TraceEvent::HostStarted);
    }
}
