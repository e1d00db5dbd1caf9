//! What a node tells whoever watches: the typed events behind traces, triggers and oracles.
//!
//! Events carry facts, never advice, and no node ever reads one. Names are the field's own.

use serde::{Deserialize, Serialize};
use strum::VariantNames;

use crate::error::{AttemptError, ErrorCode};
use crate::types::{
    BrokerEpoch, BrokerId, LeaderEpoch, Offset, PartitionEpoch, ProducerEpoch, ProducerId, Sequence,
    TopicPartition,
};

/// Something a node did or learned.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields carry their types' names")]
pub enum Event {
    /// A leader appended a batch a producer sent.
    RecordsAppended {
        topic_partition: TopicPartition,
        base_offset: Offset,
        end_offset: Offset,
        leader_epoch: LeaderEpoch,
        producer_id: ProducerId,
        producer_epoch: ProducerEpoch,
        base_sequence: Sequence,
    },
    /// A leader recognised a batch it already has and appended nothing.
    DuplicateRecognised {
        topic_partition: TopicPartition,
        base_offset: Offset,
        producer_id: ProducerId,
        base_sequence: Sequence,
    },
    /// A follower appended what it fetched.
    RecordsReplicated {
        topic_partition: TopicPartition,
        base_offset: Offset,
        end_offset: Offset,
        leader_epoch: LeaderEpoch,
    },
    /// A leader answered a produce request.
    ProduceAnswered { topic_partition: TopicPartition, end_offset: Offset, error: ErrorCode },
    /// A leader's or follower's high watermark moved (a follower's may go back after a truncation).
    HighWatermarkMoved { topic_partition: TopicPartition, high_watermark: Offset, leader: bool },
    /// A replica became leader.
    LeaderStarted { topic_partition: TopicPartition, leader_epoch: LeaderEpoch, start_offset: Offset },
    /// A replica began to follow.
    FollowerStarted { topic_partition: TopicPartition, leader_epoch: LeaderEpoch, leader: BrokerId },
    /// A replica lost its leader and has no new one.
    LeaderLost { topic_partition: TopicPartition, leader_epoch: LeaderEpoch },
    /// A follower cut its log because it differs from the leader's.
    LogTruncated { topic_partition: TopicPartition, from: Offset, to: Offset },
    /// A follower dropped its whole log, because it ends below the leader's start or begins above where it has to be cut,
    /// and begins anew.
    LogTruncatedFully { topic_partition: TopicPartition, from: Offset, log_start_offset: Offset },
    /// What lies below is no longer part of a replica's log.
    LogStartOffsetIncremented {
        topic_partition: TopicPartition,
        log_start_offset: Offset,
        reason: LogStartReason,
    },
    /// Segments wholly below the log start were deleted.
    SegmentsDeleted { topic_partition: TopicPartition, segments: usize },
    /// A producer that wrote nothing for long was forgotten: its next batch is accepted with any sequence.
    ProducerIdExpired { topic_partition: TopicPartition, producer_id: ProducerId },
    /// A new segment was started.
    SegmentRolled { topic_partition: TopicPartition, base_offset: Offset },
    /// A flush of one log began.
    FlushStarted { topic_partition: TopicPartition, end_offset: Offset },
    /// A flush of one log ended; everything below `recovery_point` is durable.
    FlushFinished { topic_partition: TopicPartition, recovery_point: Offset },
    /// Opening a log after an unclean stop: scanning from the recovery point.
    RecoveryStarted { topic_partition: TopicPartition, recovery_point: Offset },
    /// A log is open; `cut_bytes` were not a valid batch and are gone.
    RecoveryFinished { topic_partition: TopicPartition, end_offset: Offset, cut_bytes: u64 },
    /// A log is not what was written to it, from this offset on at the latest: its broker halts, or has just started.
    LogDamaged { topic_partition: TopicPartition, offset: Offset },
    /// A damaged replica was elected and does not lead.
    LeadershipRefused { topic_partition: TopicPartition, leader_epoch: LeaderEpoch },
    /// A damaged replica is outside the ISR, as it should be.
    RepairStarted { topic_partition: TopicPartition },
    /// A damaged replica was taken into the ISR again: it has everything that is committed.
    ReplicaRepaired { topic_partition: TopicPartition, end_offset: Offset },
    /// What was repaired is durable, and nothing on the disk speaks of the damage any more.
    DamageNoteRemoved { topic_partition: TopicPartition },
    /// A leader asked for another ISR.
    AlterPartitionSent {
        topic_partition: TopicPartition,
        leader_epoch: LeaderEpoch,
        partition_epoch: PartitionEpoch,
        isr: Vec<BrokerId>,
    },
    /// The controller's answer arrived at the leader.
    AlterPartitionAnswered { topic_partition: TopicPartition, error: ErrorCode },
    /// A leader learned that its ISR lost members.
    IsrShrunk { topic_partition: TopicPartition, isr: Vec<BrokerId>, partition_epoch: PartitionEpoch },
    /// A leader learned that its ISR gained members.
    IsrExpanded { topic_partition: TopicPartition, isr: Vec<BrokerId>, partition_epoch: PartitionEpoch },
    /// A broker learned its broker epoch.
    BrokerStarted { broker: BrokerId, broker_epoch: BrokerEpoch },
    /// Controller: a broker registered; `unclean` if nothing shows that its predecessor shut down in good order.
    BrokerRegistered { broker: BrokerId, broker_epoch: BrokerEpoch, unclean: bool },
    /// Controller: a broker may lead and be in ISRs again.
    BrokerUnfenced { broker: BrokerId },
    /// Controller: a broker's session ended.
    BrokerFenced { broker: BrokerId },
    /// Controller: a topic partition's leader, ISR or ELR changed; `unclean` if who leads now was elected from outside
    /// both and may lack acknowledged records.
    PartitionChanged {
        topic_partition: TopicPartition,
        leader: BrokerId,
        leader_epoch: LeaderEpoch,
        partition_epoch: PartitionEpoch,
        isr: Vec<BrokerId>,
        elr: Vec<BrokerId>,
        unclean: bool,
    },
    /// Controller: a snapshot of the metadata up to here is durable.
    SnapshotWritten { end_offset: Offset },
    /// Controller: it began from the snapshot that ends here and replayed the log from there.
    SnapshotLoaded { end_offset: Offset },
    /// Controller: a snapshot is damaged and was passed over.
    SnapshotUnreadable { path: String },
    /// Controller: AlterPartition was refused.
    AlterPartitionRefused { topic_partition: TopicPartition, broker: BrokerId, error: ErrorCode },
    /// Producer: got its id.
    ProducerIdAssigned { producer_id: ProducerId, producer_epoch: ProducerEpoch },
    /// Producer: a batch left for a leader.
    BatchSent {
        topic_partition: TopicPartition,
        base_sequence: Sequence,
        records: i32,
        attempt: u32,
        to: BrokerId,
    },
    /// Producer: an attempt to send a batch failed and may be retried.
    BatchAttemptFailed { topic_partition: TopicPartition, base_sequence: Sequence, error: AttemptError },
    /// Consumer: the log below its position changed; it went back.
    ConsumerTruncated { topic_partition: TopicPartition, from: Offset, to: Offset },
    /// Consumer: its position was below the log start; it goes on there (`auto.offset.reset=earliest`).
    ConsumerOffsetReset { topic_partition: TopicPartition, from: Offset, to: Offset },
    /// A node stops because of a disk error.
    StorageFailed { path: String, operation: String },
}

/// Why a log start moved (`LogStartOffsetIncrementReason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStartReason {
    /// `retention.bytes` wants segments deleted.
    SegmentDeletion,
    /// The leader's log starts there.
    LeaderOffsetIncremented,
}

impl Event {
    /// The event's name as traces and triggers write it.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Every name there is.
    pub fn names() -> &'static [&'static str] {
        Event::VARIANTS
    }

    /// Which topic partition it is about, if it is about one.
    pub fn topic_partition(&self) -> Option<&TopicPartition> {
        match self {
            Event::RecordsAppended { topic_partition, .. }
            | Event::DuplicateRecognised { topic_partition, .. }
            | Event::RecordsReplicated { topic_partition, .. }
            | Event::ProduceAnswered { topic_partition, .. }
            | Event::HighWatermarkMoved { topic_partition, .. }
            | Event::LeaderStarted { topic_partition, .. }
            | Event::FollowerStarted { topic_partition, .. }
            | Event::LeaderLost { topic_partition, .. }
            | Event::LogTruncated { topic_partition, .. }
            | Event::LogTruncatedFully { topic_partition, .. }
            | Event::LogStartOffsetIncremented { topic_partition, .. }
            | Event::SegmentsDeleted { topic_partition, .. }
            | Event::ProducerIdExpired { topic_partition, .. }
            | Event::SegmentRolled { topic_partition, .. }
            | Event::FlushStarted { topic_partition, .. }
            | Event::FlushFinished { topic_partition, .. }
            | Event::RecoveryStarted { topic_partition, .. }
            | Event::RecoveryFinished { topic_partition, .. }
            | Event::LogDamaged { topic_partition, .. }
            | Event::LeadershipRefused { topic_partition, .. }
            | Event::RepairStarted { topic_partition }
            | Event::ReplicaRepaired { topic_partition, .. }
            | Event::DamageNoteRemoved { topic_partition }
            | Event::AlterPartitionSent { topic_partition, .. }
            | Event::AlterPartitionAnswered { topic_partition, .. }
            | Event::IsrShrunk { topic_partition, .. }
            | Event::IsrExpanded { topic_partition, .. }
            | Event::PartitionChanged { topic_partition, .. }
            | Event::AlterPartitionRefused { topic_partition, .. }
            | Event::BatchSent { topic_partition, .. }
            | Event::BatchAttemptFailed { topic_partition, .. }
            | Event::ConsumerTruncated { topic_partition, .. }
            | Event::ConsumerOffsetReset { topic_partition, .. } => Some(topic_partition),
            Event::BrokerStarted { .. }
            | Event::BrokerRegistered { .. }
            | Event::BrokerUnfenced { .. }
            | Event::BrokerFenced { .. }
            | Event::SnapshotWritten { .. }
            | Event::SnapshotLoaded { .. }
            | Event::SnapshotUnreadable { .. }
            | Event::ProducerIdAssigned { .. }
            | Event::StorageFailed { .. } => None,
        }
    }
}
