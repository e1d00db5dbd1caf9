//! One replica of one topic partition on one broker.

use broker_core::types::{BrokerId, LeaderEpoch, Offset, PartitionEpoch};

use super::records::Records;

/// A replica as its broker's process has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaSnapshot {
    /// Whether it leads, in `leader_epoch`.
    pub is_leader: bool,
    /// Newest leader epoch that it knows.
    pub leader_epoch: LeaderEpoch,
    /// Newest partition epoch that it knows.
    pub partition_epoch: PartitionEpoch,
    /// Committed ISR, as far as it knows.
    pub isr: Vec<BrokerId>,
    /// Committed ISR and what it asked to add; empty unless it leads.
    pub maximal_isr: Vec<BrokerId>,
    /// What is below is no longer part of the log.
    pub log_start: Offset,
    /// Everything below is committed, as far as it knows.
    pub high_watermark: Offset,
    /// Where the next record would go.
    pub log_end: Offset,
    /// Everything below is durable, as the broker says.
    pub recovery_point: Offset,
    /// Everything below is durable, as its disk says, which may lie: at least so much was, with its names, when
    /// `recovery_point` changed last. Bytes that a flush failed to write are not durable, until another
    /// flush says that they are.
    pub durable_end: Offset,
    /// Whether bits of its files have turned over at rest since the disk was new.
    pub rotten: bool,
    /// The batches from `log_start` to `log_end`, as its files have them.
    pub records: Records,
}

/// What of a replica may change often, as it was before a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaBefore {
    /// [`ReplicaSnapshot::is_leader`].
    pub is_leader: bool,
    /// [`ReplicaSnapshot::leader_epoch`].
    pub leader_epoch: LeaderEpoch,
    /// [`ReplicaSnapshot::partition_epoch`].
    pub partition_epoch: PartitionEpoch,
    /// Whether committed or maximal ISR are different now.
    pub isr_changed: bool,
    /// [`ReplicaSnapshot::log_start`].
    pub log_start: Offset,
    /// [`ReplicaSnapshot::high_watermark`].
    pub high_watermark: Offset,
    /// [`ReplicaSnapshot::log_end`].
    pub log_end: Offset,
    /// [`ReplicaSnapshot::recovery_point`].
    pub recovery_point: Offset,
    /// To where the log was cut, if it was: batches that ended above are gone, or are others now.
    pub truncated_to: Option<Offset>,
}
