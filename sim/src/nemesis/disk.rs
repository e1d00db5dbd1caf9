//! Faults of disks: slow, failing.

use std::collections::BTreeSet;

use super::effect::Effect;
use super::fault::Action;
use crate::cluster::disk::DiskFault;
use crate::cluster::{Cluster, HostName};
use crate::seed::Seed;

/// Begins it on every one of these hosts that has a disk, each with draws of its own.
pub(super) fn begin(
    cluster: &Cluster,
    fault: u32,
    action: Action,
    (seed, stream): (Seed, u64),
    hosts: &BTreeSet<HostName>,
) {
    let what = match action {
        Action::SlowDisk { latency } => {
            DiskFault::Slow { flush: Some((latency.low, latency.high)), read: None, append: None }
        }
        Action::FsyncError { probability } => DiskFault::FsyncError { probability },
        other => unreachable!("{other:?} is no fault of disks"),
    };
    for (host, disk) in cluster.disks().filter(|(host, _)| hosts.contains(*host)) {
        disk.begin(cluster.now(), fault, what.clone(), seed.stream(&format!("nemesis.disk.{host}"), stream));
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
