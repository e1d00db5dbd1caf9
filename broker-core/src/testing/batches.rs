//! Batches for tests.

use crate::batch::{BatchBuilder, RecordBatch};
use crate::types::{ProducerEpoch, ProducerId, Sequence};

/// A batch without idempotence: one record for each value, no keys, timestamps 0.
pub fn batch(values: &[&str]) -> RecordBatch {
    builder(values).build(ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE)
}

/// A batch of an idempotent producer: one record for each value, no keys, timestamps 0.
pub fn idempotent_batch(values: &[&str], producer_id: i64, epoch: i16, base_sequence: i32) -> RecordBatch {
    builder(values).build(ProducerId(producer_id), ProducerEpoch(epoch), Sequence(base_sequence))
}

fn builder(values: &[&str]) -> BatchBuilder {
    let mut builder = BatchBuilder::new(0);
    for value in values {
        builder.push(0, b"", value.as_bytes());
    }
    builder
}
