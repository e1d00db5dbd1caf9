//! Faults of processes: killed, without power, restarted.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::disk::PowerLoss;
use crate::cluster::{Cluster, HostName, HostState};

/// What a fault changed, by name.
pub(super) type Effect = BTreeMap<String, u64>;

/// Whom a fault really hit, and what it changed.
pub(super) type Hit = (BTreeSet<HostName>, Effect);

pub(super) fn kill(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) -> Hit {
    let hit: BTreeSet<HostName> = hosts.iter().filter(|host| cluster.kill(host)).cloned().collect();
    let effect = Effect::from([("processes_killed".to_owned(), hit.len() as u64)]);
    (hit, effect)
}

pub(super) fn power_loss(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) -> Hit {
    let losses = cluster.power_loss(hosts);
    let count = |of: fn(&PowerLoss) -> u64| losses.values().map(of).sum();
    let effect = Effect::from([
        ("hosts_stopped".to_owned(), losses.len() as u64),
        ("bytes_lost".to_owned(), count(|loss| loss.lost_bytes)),
        ("files_damaged".to_owned(), count(|loss| (loss.lost_files.len() + loss.vanished.len()) as u64)),
    ]);
    (losses.into_keys().collect(), effect)
}

pub(super) fn shut_down(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) -> Hit {
    let hit: BTreeSet<HostName> = hosts.iter().filter(|host| cluster.shut_down(host)).cloned().collect();
    let effect = Effect::from([("processes_restarted".to_owned(), hit.len() as u64)]);
    (hit, effect)
}

/// Takes out of `stopping` the hosts whose processes have come to their end.
pub(super) fn take_stopped(cluster: &Cluster, stopping: &mut BTreeSet<HostName>) -> BTreeSet<HostName> {
    let stopped: BTreeSet<HostName> =
        stopping.iter().filter(|host| cluster.state(host) != HostState::Up).cloned().collect();
    stopping.retain(|host| !stopped.contains(host));
    stopped
}

/// Starts these hosts, except those that other faults keep down.
pub(super) fn start(cluster: &mut Cluster, hosts: &BTreeSet<HostName>, kept_down: &BTreeSet<HostName>) {
    for host in hosts.difference(kept_down) {
        cluster.start(host);
    }
}
