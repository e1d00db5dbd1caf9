//! Faults of disks: slow, failing.

use std::collections::BTreeSet;

use super::effect::{Effect, effect};
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
        Action::SlowDisk { latency } => DiskFault::Slow { latency: (latency.low, latency.high) },
        Action::FsyncError { probability } => DiskFault::FsyncError { probability },
        other => unreachable!("{other:?} is no fault of disks"),
    };
    for (host, disk) in cluster.disks().filter(|(host, _)| hosts.contains(*host)) {
        disk.begin(fault, what.clone(), seed.stream(&format!("nemesis.disk.{host}"), stream));
    }
}

/// Ends it everywhere.
pub(super) fn end(cluster: &Cluster, fault: u32) -> Effect {
    let mut sum = [("flush_steps_slowed", 0), ("added_us", 0), ("flushes_failed", 0), ("phantom_bytes", 0)];
    for (_, disk) in cluster.disks() {
        let one = disk.end(fault);
        let numbers = [one.steps_slowed, one.added_us, one.flushes_failed, one.phantom_bytes];
        sum.iter_mut().zip(numbers).for_each(|((_, sum), number)| *sum += number);
    }
    effect(sum)
}
