//! Records of one topic partition that travel and end together (`ProducerBatch`).

use std::time::Duration;

use bytes::Bytes;

use super::outcome::{may_have_appended, without_promise};
use super::sequences::Numbering;
use crate::batch::{BatchBuilder, HEADER_BYTES};
use crate::error::AttemptError;
use crate::io::{Effect, ProducerRecord, SendOutcome};
use crate::time::Timestamp;
use crate::types::{Offset, ProducerEpoch, ProducerId, Sequence};

/// Names a batch within its producer. Later batches have larger ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BatchId(pub(super) u64);

/// One batch, from its first record to the end of its last attempt.
///
/// * One token per record, in order; at least one.
/// * Records are added only before the first attempt.
/// * Each token completes exactly once; a batch may be in flight after that, but is never sent again.
#[derive(Debug)]
pub(super) struct ProducerBatch {
    pub(super) id: BatchId,
    pub(super) created: Timestamp,
    /// Given when it first leaves; none without idempotence.
    pub(super) numbering: Option<Numbering>,
    /// Attempts begun.
    pub(super) attempts: u32,
    /// When the pause after the last failed attempt ends.
    pub(super) not_before: Timestamp,
    pub(super) errors: Vec<AttemptError>,
    tokens: Vec<u64>,
    builder: BatchBuilder,
    completed: bool,
}

impl ProducerBatch {
    pub(super) fn new(id: BatchId, now: Timestamp, clock: Timestamp) -> ProducerBatch {
        ProducerBatch {
            id,
            created: now,
            numbering: None,
            attempts: 0,
            not_before: now,
            errors: Vec::new(),
            tokens: Vec::new(),
            builder: BatchBuilder::new(clock.as_millis()),
            completed: false,
        }
    }

    pub(super) fn push(&mut self, clock: Timestamp, record: &ProducerRecord) {
        assert_eq!(self.attempts, 0, "a batch that was sent is closed");
        self.builder.push(clock.as_millis(), &record.key, &record.value);
        self.tokens.push(record.token);
    }

    /// Whether this record may still join: always the first one, others only within `batch.size`.
    pub(super) fn has_room_for(&self, record: &ProducerRecord, batch_size: usize) -> bool {
        let size = self.builder.size() + record_size_max(record);
        self.attempts == 0 && (self.tokens.is_empty() || size <= batch_size)
    }

    /// Size in bytes.
    pub(super) fn size(&self) -> usize {
        self.builder.size()
    }

    pub(super) fn record_count(&self) -> i32 {
        self.builder.record_count()
    }

    /// First sequence as events and the wire name it.
    pub(super) fn base_sequence(&self) -> Sequence {
        self.numbering.map_or(Sequence::NONE, |numbering| numbering.base.to_sequence())
    }

    /// The bytes to send.
    pub(super) fn encode(&self) -> Bytes {
        let (id, epoch) = match self.numbering {
            Some(numbering) => (numbering.identity.id, numbering.identity.epoch),
            None => (ProducerId::NONE, ProducerEpoch::NONE),
        };
        self.builder.build(id, epoch, self.base_sequence()).bytes().clone()
    }

    /// When `delivery.timeout.ms` runs out; none once it is completed.
    pub(super) fn expires(&self, delivery_timeout: Duration) -> Option<Timestamp> {
        (!self.completed).then(|| self.created + delivery_timeout)
    }

    /// Whether the application knows how it ended.
    pub(super) fn completed(&self) -> bool {
        self.completed
    }

    /// Whether one of its ended attempts may have appended it.
    pub(super) fn in_doubt(&self) -> bool {
        self.errors.iter().any(|error| may_have_appended(*error))
    }

    /// The broker has it, at `base_offset` if it said where.
    pub(super) fn complete_ok(&mut self, base_offset: Option<Offset>) -> Vec<Effect> {
        let offset = |index: i64| base_offset?.0.checked_add(index).map(Offset);
        self.complete(|index| SendOutcome::Ok { offset: offset(index) })
    }

    /// There will be no further attempt, and none was answered without error.
    pub(super) fn complete_without_promise(&mut self) -> Vec<Effect> {
        let outcome = without_promise(self.attempts, self.errors.clone());
        self.complete(|_| outcome.clone())
    }

    fn complete(&mut self, outcome: impl Fn(i64) -> SendOutcome) -> Vec<Effect> {
        assert!(!self.completed, "a send completes once");
        self.completed = true;
        let completion =
            |(index, token): (i64, &u64)| Effect::SendCompleted { token: *token, outcome: outcome(index) };
        (0..).zip(&self.tokens).map(completion).collect()
    }
}

/// At most this many bytes are added to a batch by this record (`DefaultRecordBatch.estimateBatchSizeUpperBound`).
pub(super) fn record_size_max(record: &ProducerRecord) -> usize {
    // Length, attributes, timestamp delta, offset delta, two lengths, header count.
    const OVERHEAD_MAX: usize = 5 + 1 + 10 + 5 + 5 + 5 + 1;
    OVERHEAD_MAX + record.key.len() + record.value.len()
}

/// At most the size of a batch that holds nothing but this record.
pub(super) fn lone_batch_size_max(record: &ProducerRecord) -> usize {
    HEADER_BYTES + record_size_max(record)
}
