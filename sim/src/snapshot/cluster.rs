//! All nodes that keep records or decide who keeps them.

use std::collections::BTreeMap;

use broker_core::metadata::PartitionState;
use broker_core::types::{BrokerId, TopicPartition};

use super::replica::ReplicaSnapshot;

/// Brokers and the controller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterSnapshot {
    /// Every broker that ever ran.
    pub brokers: BTreeMap<BrokerId, BrokerSnapshot>,
    /// What the controller's process has decided about each topic partition; `None` if it does not run.
    pub controller: Option<BTreeMap<TopicPartition, PartitionSnapshot>>,
}

/// One broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerSnapshot {
    /// Whether its process runs. Without a process there are no replicas: what the disk keeps shows when one opens it.
    pub is_running: bool,
    /// Replicas that the process has open.
    pub replicas: BTreeMap<TopicPartition, ReplicaSnapshot>,
}

/// One topic partition in the eyes of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionSnapshot {
    /// Who holds, follows and leads it.
    pub state: PartitionState,
    /// `min.insync.replicas`, and never more than there are replicas.
    pub min_insync: usize,
}

impl ClusterSnapshot {
    /// A replica that a running broker has open.
    pub fn replica(&self, broker: BrokerId, topic_partition: &TopicPartition) -> Option<&ReplicaSnapshot> {
        self.brokers.get(&broker)?.replicas.get(topic_partition)
    }

    /// What the controller has decided about a topic partition, if it runs and knows it.
    pub fn decided(&self, topic_partition: &TopicPartition) -> Option<&PartitionSnapshot> {
        self.controller.as_ref()?.get(topic_partition)
    }

    /// Every open replica of a topic partition, in the order of brokers.
    pub fn replicas<'s>(
        &'s self,
        topic_partition: &TopicPartition,
    ) -> impl Iterator<Item = (BrokerId, &'s ReplicaSnapshot)> {
        self.brokers.iter().filter_map(move |(id, broker)| Some((*id, broker.replicas.get(topic_partition)?)))
    }
}
