//! Faults of processes: killed, without power, restarted.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{Cluster, HostName, HostState};

/// What a fault changed, by name.
pub(super) type Effect = BTreeMap<String, u64>;

pub(super) fn kill(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) -> Effect {
    let stopped = hosts.iter().filter(|host| cluster.kill(host)).count();
    BTreeMap::from([("processes_killed".to_owned(), stopped as u64)])
}

pub(super) fn power_loss(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) -> Effect {
    let losses = cluster.power_loss(hosts);
    let count = |of: fn(&crate::cluster::disk::PowerLoss) -> u64| losses.values().map(of).sum();
    BTreeMap::from([
        ("hosts_stopped".to_owned(), losses.len() as u64),
        ("bytes_lost".to_owned(), count(|loss| loss.lost_bytes)),
        ("files_damaged".to_owned(), count(|loss| (loss.lost_files.len() + loss.vanished.len()) as u64)),
    ])
}

pub(super) fn shut_down(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) -> Effect {
    let asked = hosts.iter().filter(|host| cluster.shut_down(host)).count();
    BTreeMap::from([("processes_restarted".to_owned(), asked as u64)])
}

/// Whether none of these hosts has a process.
pub(super) fn all_down(cluster: &Cluster, hosts: &BTreeSet<HostName>) -> bool {
    hosts.iter().all(|host| cluster.state(host) != HostState::Up)
}

pub(super) fn start(cluster: &mut Cluster, hosts: &BTreeSet<HostName>) {
    for host in hosts {
        cluster.start(host);
    }
}
