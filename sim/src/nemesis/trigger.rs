//! Triggers: waiting for the n-th time something happens.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use broker_core::time::Timestamp;
use broker_core::types::{LeaderEpoch, TopicPartition};
use broker_core::wire::API_NAMES;
use rand_chacha::ChaCha8Rng;

use super::when::{Happening, Trigger};
use super::{draw, resolve};
use crate::cluster::{Cluster, Signal, View, Weigh, Wire, WireId};

/// A trigger that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    trigger: Trigger,
    /// `None` for what other faults do: nobody's host has to be watched for that.
    wire: Option<WireId>,
    seen: Rc<Cell<u64>>,
    /// When it was sprung.
    sprung: Option<Timestamp>,
}

impl Waiting {
    /// Begins to count. Random targets are drawn now, and written into the trigger.
    pub fn begin(trigger: &mut Trigger, cluster: &Cluster, rng: &mut ChaCha8Rng) -> Waiting {
        let seen = Rc::new(Cell::new(0));
        if let Happening::Event { at, .. } = &mut trigger.what {
            *at = draw::roles(at, cluster, rng);
        }
        let wire = match &trigger.what {
            Happening::FaultStarted(_) | Happening::FaultEnded(_) => None,
            Happening::Event { event, at, topic_partition, api } => {
                let counter = Counter {
                    weigh: event.weigh,
                    at: at.clone(),
                    topic_partition: topic_partition.clone(),
                    api: api.map(api_key),
                    epochs: leader_epochs(cluster.view()),
                    view: cluster.view().clone(),
                    seen: seen.clone(),
                };
                let wire = Wire { moment: trigger.moment, nth: trigger.nth, weigh: counter.into_weigh() };
                Some(cluster.tripwires().set(wire))
            }
        };
        Waiting { trigger: trigger.clone(), wire, seen, sprung: None }
    }

    /// The wire was sprung, if it was this one.
    pub fn note(&mut self, wire: WireId, at: Timestamp) {
        if self.wire == Some(wire) {
            self.sprung = Some(at);
            self.wire = None;
        }
    }

    /// Whether it is time. `other` says when the fault of that name began or ended.
    pub fn is_due(&mut self, now: Timestamp, other: impl FnOnce(&Happening) -> Option<Timestamp>) -> bool {
        if self.sprung.is_none() {
            self.sprung = other(&self.trigger.what);
        }
        self.sprung.is_some_and(|sprung| sprung + self.trigger.delay <= now)
    }

    /// Whether what it waits for has happened.
    pub fn has_sprung(&self) -> bool {
        self.sprung.is_some()
    }

    /// Counts no more.
    pub fn give_up(&mut self, cluster: &Cluster) {
        if let Some(wire) = self.wire.take() {
            cluster.tripwires().remove(wire);
        }
    }

    /// What it waits for, and how far it came.
    pub fn describe(&self) -> String {
        let what = self.trigger.describe();
        match self.trigger.what {
            Happening::Event { .. } => format!("{what} ({} counted)", self.seen.get()),
            Happening::FaultStarted(_) | Happening::FaultEnded(_) => what,
        }
    }
}

/// Counts occurrences of one event on the hosts that count.
struct Counter {
    weigh: super::event::Weigh,
    /// Nothing random among them: each means the hosts that have the role when something happens.
    at: Vec<super::Target>,
    topic_partition: Option<TopicPartition>,
    api: Option<i16>,
    /// Of elections: the leader epochs that are known already, as far as the controller could be asked.
    epochs: BTreeMap<TopicPartition, LeaderEpoch>,
    view: View,
    seen: Rc<Cell<u64>>,
}

impl Counter {
    fn into_weigh(mut self) -> Weigh {
        Box::new(move |host, signal| {
            let count = self.count(host, signal);
            self.seen.set(self.seen.get() + count);
            count
        })
    }

    fn count(&mut self, host: &str, signal: Signal<'_>) -> u64 {
        let Some(occurrence) = (self.weigh)(signal) else { return 0 };
        let wanted = |wanted: &TopicPartition| occurrence.topic_partition == Some(wanted);
        if !self.topic_partition.as_ref().is_none_or(wanted)
            || self.api.is_some_and(|api| occurrence.api != Some(api))
            || !self.is_here(host)
        {
            return 0;
        }
        if let (Some(epoch), Some(key)) = (occurrence.leader_epoch, occurrence.topic_partition) {
            // Counting may have begun when the controller was dead: then its brokers know.
            let by_leader = || self.view.leadership(key).map(|known| known.leader_epoch);
            if self.epochs.insert(key.clone(), epoch).or_else(by_leader) == Some(epoch) {
                return 0;
            }
        }
        occurrence.count
    }

    fn is_here(&self, host: &str) -> bool {
        self.at.is_empty()
            || self
                .at
                .iter()
                .any(|target| resolve::certain(target, &self.view).iter().any(|name| **name == *host))
    }
}

fn leader_epochs(view: &View) -> BTreeMap<TopicPartition, LeaderEpoch> {
    let epochs =
        view.metadata(|image| image.partitions().map(|(_, key, state)| (key, state.leader_epoch)).collect());
    epochs.unwrap_or_default()
}

fn api_key(name: &str) -> i16 {
    let known = API_NAMES.iter().find(|(known, _)| *known == name);
    known.map(|(_, api)| *api as i16).expect("checked with the scenario")
}
