//! Faults of processes: killed, without power, wiped, restarted, standing still.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::{Effect, effect};
use crate::cluster::disk::{PowerLoss, Unsynced};
use crate::cluster::{Cluster, HostName, HostState};
use crate::seed::Seed;

/// Whom a fault really hit, and what it changed.
pub(super) type Hit = (BTreeSet<HostName>, Effect);

pub(super) fn kill(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) -> Hit {
    let hit: BTreeSet<HostName> = hosts.iter().filter(|host| cluster.kill(host)).cloned().collect();
    let effect = effect([("processes_killed", hit.len() as u64)]);
    (hit, effect)
}

pub(super) fn power_loss(
    cluster: &mut Cluster,
    hosts: &BTreeSet<HostName>,
    unsynced: Unsynced,
    draws: (Seed, u64),
) -> Hit {
    let losses = cluster.power_loss(hosts, unsynced, draws);
    let count = |of: fn(&PowerLoss) -> u64| losses.values().map(of).sum();
    let mut effect = effect([
        ("hosts_stopped", losses.len() as u64),
        ("bytes_lost", count(|loss| loss.lost_bytes)),
        ("records_lost", count(PowerLoss::lost_records)),
        ("files_damaged", count(|loss| (loss.lost_files.len() + loss.vanished.len()) as u64)),
    ]);
    let survived = count(|loss| loss.survived_bytes);
    if 0 < survived {
        effect.insert("bytes_survived".to_owned(), survived);
    }
    (losses.into_keys().collect(), effect)
}

pub(super) fn wipe(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) -> Hit {
    let mut effect = effect([("files_lost", 0), ("bytes_lost", 0)]);
    let mut hit = BTreeSet::new();
    for host in hosts {
        let Some(wiped) = cluster.wipe(host) else { continue };
        hit.insert(host.clone());
        let lost = [("files_lost", wiped.files), ("bytes_lost", wiped.bytes)];
        lost.into_iter().for_each(|(name, lost)| *effect.get_mut(name).expect("it is above") += lost);
    }
    (hit, effect)
}

pub(super) fn pause(cluster: &mut Cluster, fault: u32, hosts: &BTreeSet<HostName>) {
    for host in hosts {
        cluster.pause(fault, host);
    }
}

pub(super) fn resume(cluster: &mut Cluster, fault: u32) -> Effect {
    effect([("wakeups_withheld", cluster.resume(fault).withheld)])
}

/// Processes that were asked to stop, each by its host and [`Cluster::restarts`] then.
pub(super) type Stopping = BTreeMap<HostName, u32>;

pub(super) fn shut_down(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) -> (Stopping, Effect) {
    let ask = |host: &HostName| cluster.shut_down(host).then(|| (host.clone(), cluster.restarts(host)));
    let hit: Stopping = hosts.iter().filter_map(ask).collect();
    let effect = effect([("processes_asked_to_stop", hit.len() as u64)]);
    (hit, effect)
}

/// Takes out of `stopping` the hosts whose processes have come to their end, and of these returns those that are still
/// down: where another process runs already, somebody else has seen to it.
pub(super) fn take_stopped(cluster: &Cluster, stopping: &mut Stopping) -> BTreeSet<HostName> {
    let mut stopped = BTreeSet::new();
    stopping.retain(|host, restarts| {
        let down = cluster.state(host) != HostState::Up;
        if down {
            stopped.insert(host.clone());
        }
        !down && cluster.restarts(host) == *restarts
    });
    stopped
}

/// Starts these hosts, except those that other faults keep down.
pub(super) fn start(cluster: &mut Cluster, hosts: &BTreeSet<HostName>, kept_down: &BTreeSet<HostName>) {
    for host in hosts.difference(kept_down) {
        cluster.start(host);
    }
}
