//! From symbolic targets to hosts, at the moment a fault begins.

use std::collections::BTreeSet;

use broker_core::types::{BrokerId, TopicPartition};
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::Target;
use crate::cluster::{Cluster, HostName, View};

/// The hosts that targets mean of which nothing is left to draw. `other_side` is what `others` leaves out.
pub(super) fn hosts(
    targets: &[Target],
    other_side: &BTreeSet<HostName>,
    cluster: &Cluster,
) -> BTreeSet<HostName> {
    let mut found = BTreeSet::new();
    for target in targets {
        match target {
            Target::Others => {
                found.extend(cluster.host_names().filter(|name| !other_side.contains(*name)).cloned());
            }
            Target::Random | Target::RandomClient | Target::Minority => {}
            target => found.extend(certain(target, cluster.view())),
        }
    }
    found
}

/// The hosts that one target means now. Nobody leads, no such replica: no host, and the fault will say so.
pub(super) fn resolve_one(target: &Target, cluster: &Cluster, rng: &mut ChaCha8Rng) -> Vec<HostName> {
    let all = || cluster.view().broker_ids();
    let brokers = |ids: Vec<BrokerId>| ids.into_iter().map(Cluster::broker_name).collect();
    match target {
        Target::Minority => {
            let size = (all().len() - 1) / 2;
            brokers(draw(all(), size, rng))
        }
        Target::Random => brokers(draw(all(), 1, rng)),
        Target::RandomClient => cluster.client_names().choose(rng).cloned().into_iter().collect(),
        target => certain(target, cluster.view()),
    }
}

/// The hosts of a target that draws nothing.
pub(super) fn certain(target: &Target, view: &View) -> Vec<HostName> {
    let brokers = |ids: Vec<BrokerId>| ids.into_iter().map(Cluster::broker_name).collect();
    match target {
        Target::Broker(id) => brokers(vec![*id]),
        Target::Leader(key) => brokers(view.leadership(key).map(|known| known.leader).into_iter().collect()),
        Target::Follower(key, index) => {
            brokers(followers(view, key).get(*index).copied().into_iter().collect())
        }
        Target::Followers(key) => brokers(followers(view, key)),
        Target::Isr(key) => brokers(view.leadership(key).map(|known| known.isr).unwrap_or_default()),
        Target::Controller => vec![Cluster::controller_name()],
        Target::AllBrokers => brokers(view.broker_ids()),
        Target::Client(index) => {
            let clients = view.client_names();
            usize::try_from(*index).ok().and_then(|index| clients.get(index)).cloned().into_iter().collect()
        }
        Target::Clients => view.client_names().to_vec(),
        Target::Minority | Target::Random | Target::RandomClient | Target::Others => Vec::new(),
    }
}

/// Replicas that do not lead, in the order of assignment.
fn followers(view: &View, topic_partition: &TopicPartition) -> Vec<BrokerId> {
    let Some(known) = view.leadership(topic_partition) else { return Vec::new() };
    known.replicas.into_iter().filter(|replica| *replica != known.leader).collect()
}

fn draw(mut from: Vec<BrokerId>, count: usize, rng: &mut ChaCha8Rng) -> Vec<BrokerId> {
    from.shuffle(rng);
    from.truncate(count);
    from
}
