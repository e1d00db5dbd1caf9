//! Faults of links: cut and held.

use std::collections::BTreeSet;

use super::fault::Direction as Way;
use crate::cluster::links::{Direction, Disturbance, Reason};
use crate::cluster::{Cluster, HostName};

/// All directions between two groups; a host is never cut off from itself.
pub(super) fn between(from: &BTreeSet<HostName>, to: &BTreeSet<HostName>, way: Way) -> BTreeSet<Direction> {
    let pairs = from.iter().flat_map(|a| to.iter().map(move |b| (a, b))).filter(|(a, b)| a != b);
    pairs
        .flat_map(|(a, b)| {
            let back = (way == Way::Both).then(|| (b.clone(), a.clone()));
            [(a.clone(), b.clone())].into_iter().chain(back)
        })
        .collect()
}

/// Both directions between each of these hosts and everybody else.
pub(super) fn around(cluster: &Cluster, hosts: &BTreeSet<HostName>) -> BTreeSet<Direction> {
    hosts.iter().flat_map(|host| cluster.directions_around(host)).collect()
}

/// Begins a disturbance; how many messages and attempts to connect it hit at once.
pub(super) fn disturb(
    cluster: &mut Cluster,
    fault: u32,
    disturbance: Disturbance,
    directions: &BTreeSet<Direction>,
) -> u64 {
    let reason = Reason::Fault(fault);
    cluster.disturb(reason.clone(), disturbance, directions);
    cluster.met(&reason).map_or(0, |met| met.total())
}

/// Ends it; how many messages and attempts to connect met it.
pub(super) fn restore(cluster: &mut Cluster, fault: u32) -> u64 {
    cluster.restore(&Reason::Fault(fault)).map_or(0, |met| met.total())
}
