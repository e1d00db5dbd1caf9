//! Faults of disks: those that last, and bit rot, which is over at once and stays.

use std::collections::BTreeSet;

use super::effect::{Effect, effect};
use super::process::Hit;
use crate::cluster::disk::{BitRot, DiskFault};
use crate::cluster::{Cluster, HostName};
use crate::seed::Seed;

/// Begins it on every one of these hosts that has a disk, each with draws of its own.
pub(super) fn begin(
    cluster: &Cluster,
    fault: u32,
    what: &DiskFault,
    (seed, stream): (Seed, u64),
    hosts: &BTreeSet<HostName>,
) {
    for (host, disk) in cluster.disks().filter(|(host, _)| hosts.contains(*host)) {
        disk.begin(cluster.now(), fault, what.clone(), seed.stream(&stream_name(host), stream));
    }
}

/// Ends it everywhere.
pub(super) fn end(cluster: &Cluster, fault: u32) -> Effect {
    let mut sum = Effect::new();
    for (_, disk) in cluster.disks() {
        for (name, number) in
            disk.end(cluster.now(), fault).numbers().into_iter().filter(|(_, number)| 0 < *number)
        {
            *sum.entry(name.to_owned()).or_default() += number;
        }
    }
    sum
}

/// Lets bits rot on every one of these hosts that has a disk, each with draws of its own.
pub(super) fn rot(
    cluster: &Cluster,
    what: &BitRot,
    (seed, stream): (Seed, u64),
    hosts: &BTreeSet<HostName>,
) -> Hit {
    let (mut hit, mut bits) = (BTreeSet::new(), 0);
    for (host, disk) in cluster.disks().filter(|(host, _)| hosts.contains(*host)) {
        let rotten = disk.rot(cluster.now(), what, seed.stream(&stream_name(host), stream));
        if 0 < rotten.bits {
            hit.insert(host.clone());
            bits += rotten.bits;
        }
    }
    let effect = effect([("bits_rotten", bits), ("files_rotten", hit.len() as u64)]);
    (hit, effect)
}

fn stream_name(host: &HostName) -> String {
    format!("nemesis.disk.{host}")
}
