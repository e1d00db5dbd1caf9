//! From symbolic targets to hosts, at the moment a fault fires.

use std::collections::BTreeSet;

use broker_core::types::{BrokerId, TopicPartition};
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::Target;
use crate::cluster::{Cluster, HostName};

/// The hosts these targets mean now. Nobody leads, no such replica: no host, and the fault will say so.
pub(super) fn resolve(targets: &[Target], cluster: &Cluster, rng: &mut ChaCha8Rng) -> BTreeSet<HostName> {
    targets.iter().flat_map(|target| resolve_one(target, cluster, rng)).collect()
}

fn resolve_one(target: &Target, cluster: &Cluster, rng: &mut ChaCha8Rng) -> Vec<HostName> {
    let brokers = |ids: Vec<BrokerId>| ids.into_iter().map(Cluster::broker_name).collect();
    let all = cluster.view().broker_ids();
    match target {
        Target::Broker(id) => brokers(vec![*id]),
        Target::Leader(key) => {
            brokers(cluster.view().leadership(key).map(|known| known.leader).into_iter().collect())
        }
        Target::Follower(key, index) => {
            brokers(followers(cluster, key).get(*index).copied().into_iter().collect())
        }
        Target::Followers(key) => brokers(followers(cluster, key)),
        Target::Isr(key) => {
            brokers(cluster.view().leadership(key).map(|known| known.isr).unwrap_or_default())
        }
        Target::Controller => vec![Cluster::controller_name()],
        Target::AllBrokers => brokers(all),
        Target::Minority => {
            let size = (all.len() - 1) / 2;
            brokers(draw(all, size, rng))
        }
        Target::Random => brokers(draw(all, 1, rng)),
        Target::Client(index) => {
            let clients = cluster.client_names();
            usize::try_from(*index).ok().and_then(|index| clients.get(index)).cloned().into_iter().collect()
        }
        Target::Clients => cluster.client_names().to_vec(),
        Target::RandomClient => cluster.client_names().choose(rng).cloned().into_iter().collect(),
        Target::Others => Vec::new(),
    }
}

/// Replicas that do not lead, in the order of assignment.
fn followers(cluster: &Cluster, topic_partition: &TopicPartition) -> Vec<BrokerId> {
    let Some(known) = cluster.view().leadership(topic_partition) else { return Vec::new() };
    known.replicas.into_iter().filter(|replica| *replica != known.leader).collect()
}

fn draw(mut from: Vec<BrokerId>, count: usize, rng: &mut ChaCha8Rng) -> Vec<BrokerId> {
    from.shuffle(rng);
    from.truncate(count);
    from
}
