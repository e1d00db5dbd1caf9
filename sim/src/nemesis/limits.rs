//! What random faults must leave whole.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::{Action, Damage, Harm};
use super::ongoing::{Ongoing, Victims};
use super::plan::Limits;
use crate::cluster::{Cluster, HostName};
use crate::report::Reached;

/// Hosts that stopped without a clean shutdown, or may have lost something, and were not whole since; and how bad it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Unclean(BTreeMap<HostName, Damage>);

impl Unclean {
    /// A fault begins or ends. Only hosts that it really hit count.
    pub fn note(&mut self, action: &Action, ongoing: &Ongoing) {
        self.add(action, &ongoing.hosts());
    }

    fn add(&mut self, action: &Action, hosts: &BTreeSet<HostName>) {
        if let Some(damage) = action.damage() {
            for host in hosts {
                let worst = self.0.entry(host.clone()).or_insert(damage);
                *worst = damage.max(*worst);
            }
        }
    }

    /// Brokers that have everything again are as good as new. But for those with a rotten copy: it is in every ISR, and
    /// nobody can tell from outside whether it was found and repaired, so they count until the run ends.
    pub fn forget_whole(&mut self, cluster: &Cluster) {
        if self.0.is_empty() {
            return;
        }
        for id in cluster.view().broker_ids() {
            let host = Cluster::broker_name(id);
            let may_heal = self.0.get(&host).is_some_and(|damage| *damage < Damage::Rotten);
            if may_heal && cluster.view().is_whole(id) {
                self.0.remove(&host);
            }
        }
    }
}

/// What limits go by at one moment.
#[derive(Debug)]
pub(super) struct State {
    unclean: Unclean,
    /// Hosts that faults keep, or are about to keep, from serving.
    stopped: BTreeSet<HostName>,
}

impl State {
    /// Nothing is under way.
    pub fn of(unclean: Unclean) -> State {
        State { unclean, stopped: BTreeSet::new() }
    }

    /// A fault is under way.
    pub fn add(&mut self, action: &Action, ongoing: &Ongoing) {
        self.unclean.add(action, &ongoing.hosts());
        self.stopped.extend(ongoing.stops());
    }

    /// A fault begins to hit these hosts in this tick.
    pub fn add_imminent(&mut self, action: &Action, hosts: BTreeSet<HostName>) {
        self.unclean.add(action, &hosts);
        if action.stops_hosts() {
            self.stopped.extend(hosts);
        }
    }

    /// Which of these brokers do not serve.
    fn down(&self, brokers: &BTreeSet<HostName>, cluster: &Cluster) -> BTreeSet<HostName> {
        let is_down = |host: &&HostName| !cluster.is_running(host) || self.stopped.contains(*host);
        brokers.iter().filter(is_down).cloned().collect()
    }

    /// Which of these brokers are not whole, and whether any of them may have lost something.
    fn unclean(&self, brokers: &BTreeSet<HostName>) -> (BTreeSet<HostName>, bool) {
        let unclean = self.unclean.0.iter().filter(|(host, _)| brokers.contains(*host));
        let lossy = unclean.clone().any(|(_, damage)| Damage::Lossy <= *damage);
        (unclean.map(|(host, _)| host.clone()).collect(), lossy)
    }

    /// How far faults go at this moment, by what [`Limits`] go by.
    pub fn reached(&self, cluster: &Cluster) -> Reached {
        let brokers = brokers(cluster);
        let (unclean, lossy) = self.unclean(&brokers);
        Reached {
            brokers_down: self.down(&brokers, cluster).len() as u64,
            lossy_crashes: if lossy { unclean.len() as u64 } else { 0 },
        }
    }
}

fn brokers(cluster: &Cluster) -> BTreeSet<HostName> {
    cluster.view().broker_ids().into_iter().map(Cluster::broker_name).collect()
}

impl Limits {
    /// Whether this may begin now.
    pub(super) fn allow(self, harm: &Harm, state: &State, cluster: &Cluster) -> bool {
        if !harm.action.is_limited() {
            return true;
        }
        let victims = Victims::of(&harm.aim, cluster).hosts;
        if !victims.iter().any(|host| cluster.is_running(host)) {
            return false;
        }
        // There is one copy of the cluster's metadata: what its disk forgets after it was told to remember is gone. A loss
        // of power takes only what the controller has not answered for yet, torn or not.
        let forgets = harm.action.breaks_durability();
        if self.lossy_crashes.is_some() && forgets && victims.contains(&Cluster::controller_name()) {
            return false;
        }
        let brokers = brokers(cluster);
        let hit: BTreeSet<HostName> = victims.intersection(&brokers).cloned().collect();
        if hit.is_empty() {
            return true;
        }
        let too_many = |most: usize| most < (&state.down(&brokers, cluster) | &hit).len();
        if harm.action.stops_hosts() && self.brokers_down.is_some_and(too_many) {
            return false;
        }
        self.lossy_crashes.is_none_or(|most| {
            let (mut all, lossy) = state.unclean(&brokers);
            let damage = harm.action.damage();
            let lossy = lossy || damage.is_some_and(|damage| Damage::Lossy <= damage);
            if damage.is_some() {
                all.extend(hit);
            }
            // Nobody can tell a broker that lost something from one that was merely killed: both leave ISR and ELR. So
            // kills count as soon as anybody may have lost something (KIP-966).
            !lossy || all.len() <= most
        })
    }
}
