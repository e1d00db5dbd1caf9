//! What is different since the observer was asked last.

use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, TopicPartition};

use super::cluster::{ClusterSnapshot, PartitionSnapshot};
use super::replica::ReplicaBefore;
use crate::trace::Stop;

/// One thing that changed. What it is now stands in the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A broker has a new process. Its replicas follow, each with a change of its own.
    BrokerStarted {
        /// Which.
        broker: BrokerId,
    },
    /// A broker has no process any more, and no replicas.
    BrokerStopped {
        /// Which.
        broker: BrokerId,
        /// How it ended; `Killed` and `ShutDown` leave the page cache as it was.
        how: Stop,
    },
    /// A replica is other than it was.
    Replica {
        /// On which broker.
        broker: BrokerId,
        /// Of which topic partition.
        topic_partition: TopicPartition,
        /// What it was; `None` if the process has just opened it, and read all of it from its files.
        was: Option<ReplicaBefore>,
    },
    /// The controller has a new process. What it knows follows, each topic partition with a change of its own.
    ControllerStarted,
    /// The controller has no process any more.
    ControllerStopped {
        /// How it ended.
        how: Stop,
    },
    /// The controller decided something about a topic partition, or has just read what it had decided.
    Partition {
        /// Which.
        topic_partition: TopicPartition,
        /// What was known of it to the same process before.
        was: Option<PartitionSnapshot>,
    },
}

/// A change, and everything as it is after it.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Simulated time.
    pub time: Timestamp,
    /// How many events the trace had: what follows from the change has this number or a later one.
    pub event: u64,
    /// Everything, with the change.
    pub cluster: &'a ClusterSnapshot,
    /// What changed.
    pub change: &'a Change,
}

/// Is told of every change, as soon as the node's input is handled and before anything of it leaves the host.
pub trait Observer {
    /// Something changed.
    fn observe(&mut self, seen: Observation<'_>);
}

/// Does not look.
pub struct Unobserved;

impl Observer for Unobserved {
    fn observe(&mut self, _seen: Observation<'_>) {}
}
