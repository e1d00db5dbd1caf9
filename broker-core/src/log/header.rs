//! The header of a batch, read without touching its records.

use crate::batch::{self, HEADER_BYTES, RecordBatch};
use crate::error::BatchError;
use crate::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

const MAGIC: i8 = 2;

/// What the log needs to know of a batch on disk. Says nothing about the checksum: only a [`RecordBatch`] does.
///
/// * `length` is at least [`HEADER_BYTES`].
/// * `record_count` is at least 1 and agrees with the last offset delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchHeader {
    pub base_offset: Offset,
    /// Bytes of the whole batch, header included.
    pub length: usize,
    pub leader_epoch: LeaderEpoch,
    /// The latest of its records', milliseconds.
    pub max_timestamp_ms: i64,
    pub producer_id: ProducerId,
    pub producer_epoch: ProducerEpoch,
    pub base_sequence: Sequence,
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`, which may end before the batch does. `expected` is where in the log
    /// this batch must begin; asking for it here keeps a damaged base offset from ever being computed with.
    ///
    /// # Errors
    /// [`BatchError`] if these bytes cannot begin a batch at `expected`.
    pub fn parse(bytes: &[u8], expected: Offset) -> Result<BatchHeader, BatchError> {
        let length = batch::batch_length(bytes)?;
        let magic = bytes[16] as i8;
        if magic != MAGIC {
            return Err(BatchError::Magic(magic));
        }
        let base_offset = Offset(i64_at(bytes, 0));
        if base_offset != expected {
            return Err(BatchError::BaseOffset { expected: expected.0, actual: base_offset.0 });
        }
        let record_count = i32_at(bytes, 57);
        let ends = base_offset.0.checked_add(i64::from(record_count)).is_some();
        if record_count <= 0 || i32_at(bytes, 23) != record_count - 1 || !ends {
            return Err(BatchError::RecordCount(record_count));
        }
        Ok(BatchHeader {
            base_offset,
            length,
            leader_epoch: LeaderEpoch(i32_at(bytes, 12)),
            max_timestamp_ms: i64_at(bytes, 35),
            producer_id: ProducerId(i64_at(bytes, 43)),
            producer_epoch: ProducerEpoch(i16::from_be_bytes([bytes[51], bytes[52]])),
            base_sequence: Sequence(i32_at(bytes, 53)),
            record_count,
        })
    }

    /// The offset after the last record.
    pub fn end_offset(&self) -> Offset {
        self.base_offset.plus(i64::from(self.record_count))
    }

    /// Sequence of the last record, [`Sequence::NONE`] without idempotence.
    pub fn last_sequence(&self) -> Sequence {
        if self.base_sequence.0 < 0 { Sequence::NONE } else { self.base_sequence.plus(self.record_count - 1) }
    }
}

impl From<&RecordBatch> for BatchHeader {
    fn from(batch: &RecordBatch) -> Self {
        BatchHeader {
            base_offset: batch.base_offset(),
            length: batch.bytes().len(),
            leader_epoch: batch.leader_epoch(),
            max_timestamp_ms: batch.max_timestamp_ms(),
            producer_id: batch.producer_id(),
            producer_epoch: batch.producer_epoch(),
            base_sequence: batch.base_sequence(),
            record_count: batch.record_count(),
        }
    }
}

fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

const _: () = assert!(57 + 4 == HEADER_BYTES, "the record count ends the header");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_header_says_the_same_as_its_batch() {
        let batch = testing::idempotent_batch(&["a", "b", "c"], 9, 2, i32::MAX - 1)
            .placed_at(Offset(40), LeaderEpoch(6));
        let header = BatchHeader::parse(&batch.bytes()[..HEADER_BYTES], Offset(40)).unwrap();
        assert_eq!(header, BatchHeader::from(&batch));
        assert_eq!(header.end_offset(), batch.end_offset());
        assert_eq!(header.last_sequence(), batch.last_sequence());
        assert_eq!(header.last_sequence(), Sequence(0), "wraps inside the batch");
    }

    #[test]
    fn a_batch_at_another_offset_is_refused() {
        let batch = testing::batch(&["a"]).placed_at(Offset(4), LeaderEpoch(1));
        let refused = BatchHeader::parse(batch.bytes(), Offset(5));
        assert_eq!(refused, Err(BatchError::BaseOffset { expected: 5, actual: 4 }));
    }
}
