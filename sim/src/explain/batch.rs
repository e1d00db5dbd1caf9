//! Batches as leaders appended them.

use broker_core::event::Event;
use broker_core::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, TopicPartition};

use crate::trace::{HostId, Trace, TraceEvent};

/// One append of a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Position in the trace.
    pub position: usize,
    /// The leader.
    pub host: HostId,
    /// Its first offset.
    pub base: Offset,
    /// Its end, exclusive.
    pub end: Offset,
    /// In which leader epoch.
    pub leader_epoch: LeaderEpoch,
    /// Whose it is, and which of theirs: [`Sequence`] is negative without idempotence.
    pub identity: (ProducerId, ProducerEpoch, Sequence),
}

impl Batch {
    /// Whether it has a record at this offset.
    pub fn contains(&self, offset: Offset) -> bool {
        self.base <= offset && offset < self.end
    }

    /// Whether its producer numbers its batches, so that a repeated one can be recognised.
    pub fn is_numbered(&self) -> bool {
        0 <= self.identity.2.0
    }
}

/// Every append to a topic partition, in order.
pub fn appends<'a>(
    trace: &'a Trace,
    wanted: &'a TopicPartition,
) -> impl DoubleEndedIterator<Item = Batch> + 'a {
    trace.entries().iter().enumerate().filter_map(move |(position, entry)| match &entry.event {
        TraceEvent::Node(Event::RecordsAppended {
            topic_partition,
            base_offset,
            end_offset,
            leader_epoch,
            producer_id,
            producer_epoch,
            base_sequence,
        }) if topic_partition == wanted => Some(Batch {
            position,
            host: entry.host,
            base: *base_offset,
            end: *end_offset,
            leader_epoch: *leader_epoch,
            identity: (*producer_id, *producer_epoch, *base_sequence),
        }),
        _ => None,
    })
}
