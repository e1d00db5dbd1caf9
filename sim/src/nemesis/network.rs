//! Faults of links: cut, held, slow, lossy, broken.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;

use super::effect::{Effect, effect};
use super::fault::{Action, Way};
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

/// Begins a disturbance that lasts.
pub(super) fn disturb(
    cluster: &mut Cluster,
    fault: u32,
    action: &Action,
    rng: ChaCha8Rng,
    directions: &BTreeSet<Direction>,
) {
    let disturbance = match *action {
        Action::Cut => Disturbance::Cut,
        Action::Hold => Disturbance::Hold,
        Action::Delay { extra } => Disturbance::Delay { extra: (extra.low, extra.high), rng },
        Action::Loss { probability } => Disturbance::Loss { probability, rng },
        _ => unreachable!("{action:?} is no fault of links that lasts"),
    };
    cluster.disturb(Reason::Fault(fault), disturbance, directions);
}

/// Ends it; what met it.
pub(super) fn restore(cluster: &mut Cluster, fault: u32) -> Effect {
    let met = cluster.restore(&Reason::Fault(fault)).unwrap_or_default();
    let numbers = met.by_name().into_iter().filter(|(_, number)| 0 < *number);
    numbers.map(|(name, number)| (name.to_owned(), number)).collect()
}

/// Breaks connections at once.
pub(super) fn drop_connections(cluster: &mut Cluster, directions: &BTreeSet<Direction>) -> Effect {
    effect([("connections_broken", cluster.drop_connections(directions))])
}
