//! Random nemeses: when they draw, and what the limits allow.

use std::collections::BTreeSet;

use broker_core::time::Timestamp;
use rand_chacha::ChaCha8Rng;

use super::draw;
use super::fault::{Action, Harm};
use super::kind::KINDS;
use super::ongoing::Victims;
use super::plan::{Limits, RandomFaults};
use crate::cluster::{Cluster, HostName};
use crate::report::{FaultReport, NemesisReport};
use crate::seed::Seed;

/// Streams of one nemesis: it draws fewer faults than this.
const STREAMS: u64 = 1 << 32;

/// No more kinds than this, ever, or streams would move.
const KINDS_MAX: u64 = 1 << 8;

/// A nemesis at work.
#[derive(Debug)]
pub(super) struct Source {
    pub spec: RandomFaults,
    rng: ChaCha8Rng,
    /// When it draws next; `None`: no more.
    next: Option<Timestamp>,
    /// Of the fault drawn last.
    stream: u64,
    pub begun: u64,
    pub held_back: u64,
}

impl Source {
    /// Every nemesis of a plan. Each draws its first fault some time after `began`.
    ///
    /// What it draws depends on its kind, and on how many of the same kind stand before it: leaving one out leaves the
    /// others as they were.
    pub fn all(specs: Vec<RandomFaults>, began: Timestamp, seed: Seed) -> Vec<Source> {
        let mut of_kind = [0; KINDS.len()];
        let source = |spec: RandomFaults| {
            let kind = spec.harm.kind().name;
            let index = KINDS.iter().position(|known| known.name == kind).expect("a kind has a row");
            let nth: u64 = of_kind[index];
            of_kind[index] += 1;
            let stream = STREAMS * (1 + index as u64 + KINDS_MAX * nth);
            let mut rng = seed.stream("nemesis.random", stream);
            let next = began + draw::duration(spec.every, &mut rng);
            Source { spec, rng, stream, next: Some(next), begun: 0, held_back: 0 }
        };
        specs.into_iter().map(source).collect()
    }

    /// The stream of the fault to draw now, if it is time.
    pub fn due(&mut self, now: Timestamp) -> Option<u64> {
        self.next.filter(|next| *next <= now)?;
        if self.spec.at_most.is_some_and(|most| most <= self.begun) {
            self.next = None;
            return None;
        }
        self.next = Some(now + draw::duration(self.spec.every, &mut self.rng));
        self.stream += 1;
        Some(self.stream)
    }

    /// Draws no more.
    pub fn stop(&mut self) {
        self.next = None;
    }

    /// What came of it.
    pub fn report(self, faults: &[FaultReport]) -> NemesisReport {
        let line = u32::try_from(self.spec.line).unwrap_or(u32::MAX);
        let kind = self.spec.harm.kind().name;
        let its = faults.iter().filter(|fault| fault.random && fault.line == line);
        NemesisReport {
            line,
            kind: kind.to_owned(),
            target: self.spec.harm.aim_text(),
            begun: self.begun,
            held_back: self.held_back,
            effective: its.filter(|fault| !fault.vacuous).count() as u64,
            may_miss: self.spec.may_miss,
        }
    }
}

impl Limits {
    /// Whether this may begin now. `lossy` are the brokers that are not whole since they lost something.
    pub(super) fn allow(self, harm: &Harm, lossy: &BTreeSet<HostName>, cluster: &Cluster) -> bool {
        if !harm.stops_brokers() {
            return true;
        }
        let victims = Victims::of(&harm.aim, cluster).hosts;
        if !victims.iter().any(|host| cluster.is_running(host)) {
            return false;
        }
        let brokers: BTreeSet<HostName> =
            cluster.view().broker_ids().into_iter().map(Cluster::broker_name).collect();
        let hit: BTreeSet<HostName> = victims.intersection(&brokers).cloned().collect();
        let down: BTreeSet<HostName> =
            brokers.iter().filter(|host| !cluster.is_running(host)).cloned().collect();
        if self.brokers_down.is_some_and(|most| most < (&down | &hit).len()) {
            return false;
        }
        let loses = matches!(harm.action, Action::PowerLoss | Action::Wipe | Action::FsyncError { .. });
        // There is one copy of the cluster's metadata: what its disk forgets after it was told to remember is gone.
        let forgets = matches!(harm.action, Action::Wipe | Action::FsyncError { .. });
        let controller = victims.contains(&Cluster::controller_name());
        self.lossy_crashes.is_none_or(|most| {
            let crashed = if loses { (lossy | &hit).len() } else { 0 };
            crashed <= most && !(forgets && controller)
        })
    }
}
