//! Produces that wait for replication or for a flush (`DelayedProduce`, `DelayedOperationPurgatory`).

use std::collections::BTreeMap;

use crate::time::Timestamp;
use crate::types::Offset;

/// Names a produce request of the broker; one request may wait in several topic partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProduceToken(pub u64);

/// A produce whose batch is in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct DelayedProduce {
    pub token: ProduceToken,
    /// Where its batch (or the batch it duplicates) begins.
    pub base_offset: Offset,
    /// Where its batch ends: it is done when what it waits for reaches this.
    pub end_offset: Offset,
    pub deadline: Timestamp,
}

/// Produces in the order of what they wait for.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<(Offset, ProduceToken), DelayedProduce>,
}

impl Queue {
    pub fn insert(&mut self, produce: DelayedProduce) {
        let before = self.waiting.insert((produce.end_offset, produce.token), produce);
        assert!(before.is_none(), "{produce:?} waits twice");
    }

    /// Takes the next produce that needs no more than `reached`.
    pub fn pop_reached(&mut self, reached: Offset) -> Option<DelayedProduce> {
        let first = self.waiting.first_entry()?;
        (first.key().0 <= reached).then(|| first.remove())
    }

    /// Takes the first produce whose deadline has come.
    pub fn pop_expired(&mut self, now: Timestamp) -> Option<DelayedProduce> {
        let key = self.waiting.iter().find(|(_, produce)| produce.deadline <= now).map(|(key, _)| *key)?;
        self.waiting.remove(&key)
    }

    pub fn pop_any(&mut self) -> Option<DelayedProduce> {
        self.waiting.pop_first().map(|(_, produce)| produce)
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.waiting.values().map(|produce| produce.deadline).min()
    }
}

/// All produces that wait at one leader.
#[derive(Debug, Default)]
pub(super) struct Purgatory {
    /// acks=all: until the high watermark passes the batch, with group commit until this log is flushed past it as well.
    pub replicated: Queue,
    /// acks=1 while the append's own flush is under way, with group commit until this log is flushed past the batch.
    pub local: Queue,
}

impl Purgatory {
    pub fn next_deadline(&self) -> Option<Timestamp> {
        crate::time::earliest(self.replicated.next_deadline(), self.local.next_deadline())
    }
}
