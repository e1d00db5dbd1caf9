//! What each idempotent producer wrote last: Kafka's `ProducerStateManager` (KIP-98).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::header::BatchHeader;
use crate::batch::RecordBatch;
use crate::error::ErrorCode;
use crate::time::Timestamp;
use crate::types::{Offset, ProducerEpoch, ProducerId, Sequence};

/// As many as a producer may have in flight; `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`.
pub(super) const BATCHES_RETAINED: usize = 5;

/// What a leader has to do with a batch whose sequence it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceCheck {
    /// Append it.
    Accept,
    /// It is in the log already: append nothing, answer with these offsets.
    Duplicate {
        /// First offset of the first append.
        base_offset: Offset,
        /// Last offset of the first append.
        last_offset: Offset,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RetainedBatch {
    pub base_sequence: Sequence,
    pub last_sequence: Sequence,
    pub base_offset: Offset,
    pub last_offset: Offset,
}

/// * All batches are of `epoch`.
/// * Between one and five batches, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProducerEntry {
    pub epoch: ProducerEpoch,
    /// Of the last batch.
    pub last_timestamp_ms: i64,
    pub batches: VecDeque<RetainedBatch>,
}

/// Epoch and last five batches of every producer id in one log.
///
/// * A function of the batches appended: replicas with equal histories have equal state, so a failover keeps it, and a
///   truncation or a restart brings it back from a snapshot and the batches after it.
/// * What retention deletes stays known (KAFKA-7190), but only to who was there: a follower that began at a later log
///   start, or a restart without a snapshot, knows of what is in the log and no more. A retry of a deleted batch may
///   be written again there, as in Kafka.
/// * Changes only after an append succeeded, and by expiry.
///
/// Left out: transactions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProducerStateManager {
    pub(super) producers: BTreeMap<ProducerId, ProducerEntry>,
}

impl ProducerStateManager {
    /// Whether a leader may append `batch`. A producer id that is not known, and a batch without one, is accepted with
    /// whatever sequence it has.
    ///
    /// # Errors
    /// * [`ErrorCode::INVALID_PRODUCER_EPOCH`]: a newer incarnation of the producer has written.
    /// * [`ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER`]: the sequence does not follow the last one, or a new epoch does
    ///   not begin at 0.
    pub fn check(&self, batch: &RecordBatch) -> Result<SequenceCheck, ErrorCode> {
        let Some(entry) = self.producers.get(&batch.producer_id()) else {
            return Ok(SequenceCheck::Accept);
        };
        let (epoch, base) = (batch.producer_epoch(), batch.base_sequence());
        if epoch < entry.epoch {
            return Err(ErrorCode::INVALID_PRODUCER_EPOCH);
        }
        if entry.epoch < epoch {
            let begins = base == Sequence(0);
            return if begins {
                Ok(SequenceCheck::Accept)
            } else {
                Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
            };
        }
        let range = (base, batch.last_sequence());
        let same = entry.batches.iter().find(|known| (known.base_sequence, known.last_sequence) == range);
        if let Some(RetainedBatch { base_offset, last_offset, .. }) = same.copied() {
            return Ok(SequenceCheck::Duplicate { base_offset, last_offset });
        }
        let last = entry.batches.back().expect("an entry has at least one batch").last_sequence;
        if last.plus(1) == base {
            Ok(SequenceCheck::Accept)
        } else {
            Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
        }
    }

    /// Takes note of a batch that is in the log now, at its real offsets. Nothing is checked: a follower has to believe
    /// what its leader accepted.
    pub fn update(&mut self, batch: &RecordBatch) {
        self.replay(&BatchHeader::from(batch));
    }

    /// Forgets producers whose last batch is `expiration` old or older, by its timestamp; which ones. Nothing else keeps a
    /// producer: without transactions there is none whose end is awaited (`isProducerExpired`).
    pub fn expire(&mut self, now: Timestamp, expiration: Duration) -> Vec<ProducerId> {
        let expiration_ms = i64::try_from(expiration.as_millis()).unwrap_or(i64::MAX);
        let is_expired =
            |entry: &ProducerEntry| expiration_ms <= now.as_millis().saturating_sub(entry.last_timestamp_ms);
        let expired = self.producers.extract_if(.., |_, entry| is_expired(entry));
        expired.map(|(id, _)| id).collect()
    }

    /// As [`ProducerStateManager::update`], for a batch on disk.
    pub(super) fn replay(&mut self, header: &BatchHeader) {
        if header.producer_id.0 < 0 || header.base_sequence.0 < 0 {
            return;
        }
        let epoch = header.producer_epoch;
        let entry = self.producers.entry(header.producer_id).or_insert_with(|| ProducerEntry {
            epoch,
            last_timestamp_ms: 0,
            batches: VecDeque::new(),
        });
        entry.last_timestamp_ms = header.max_timestamp_ms;
        if entry.epoch != epoch {
            entry.epoch = epoch;
            entry.batches.clear();
        }
        if entry.batches.len() == BATCHES_RETAINED {
            entry.batches.pop_front();
        }
        entry.batches.push_back(RetainedBatch {
            base_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            base_offset: header.base_offset,
            last_offset: header.end_offset().plus(-1),
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::batch::BatchBuilder;
    use crate::testing;
    use crate::types::LeaderEpoch;

    const OUT_OF_ORDER: Result<SequenceCheck, ErrorCode> = Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);

    fn sent(epoch: i16, base_sequence: i32, records: usize) -> RecordBatch {
        testing::idempotent_batch(&vec!["v"; records], 7, epoch, base_sequence)
    }

    fn at(batch: RecordBatch, offset: i64) -> RecordBatch {
        batch.placed_at(Offset(offset), LeaderEpoch(0))
    }

    #[test]
    fn a_retry_of_one_of_the_last_five_batches_is_a_duplicate() {
        let mut producers = ProducerStateManager::default();
        for index in 0..6 {
            assert_eq!(producers.check(&sent(0, 2 * index, 2)), Ok(SequenceCheck::Accept));
            producers.update(&at(sent(0, 2 * index, 2), 100 + 2 * i64::from(index)));
        }
        let duplicate = SequenceCheck::Duplicate { base_offset: Offset(102), last_offset: Offset(103) };
        assert_eq!(producers.check(&sent(0, 2, 2)), Ok(duplicate));
        assert_eq!(producers.check(&sent(0, 2, 1)), OUT_OF_ORDER, "not the same batch");
        assert_eq!(producers.check(&sent(0, 0, 2)), OUT_OF_ORDER, "forgotten");
        assert_eq!(producers.check(&sent(0, 13, 1)), OUT_OF_ORDER, "one is missing");
        assert_eq!(producers.check(&sent(0, 12, 1)), Ok(SequenceCheck::Accept));
    }

    #[test]
    fn a_newer_epoch_begins_at_zero_and_fences_the_older() {
        let mut producers = ProducerStateManager::default();
        producers.update(&at(sent(3, 40, 1), 0));
        assert_eq!(producers.check(&sent(4, 41, 1)), OUT_OF_ORDER);
        assert_eq!(producers.check(&sent(4, 0, 1)), Ok(SequenceCheck::Accept));
        producers.update(&at(sent(4, 0, 1), 1));
        assert_eq!(producers.check(&sent(3, 40, 1)), Err(ErrorCode::INVALID_PRODUCER_EPOCH));
    }

    #[test]
    fn unknown_producers_and_batches_without_one_are_accepted() {
        let mut producers = ProducerStateManager::default();
        producers.update(&testing::batch(&["v"]));
        assert_eq!(producers, ProducerStateManager::default());
        assert_eq!(producers.check(&testing::batch(&["v"])), Ok(SequenceCheck::Accept));
        assert_eq!(producers.check(&sent(9, 1234, 1)), Ok(SequenceCheck::Accept));
    }

    #[test]
    fn a_producer_that_was_silent_for_too_long_is_forgotten() {
        let mut producers = ProducerStateManager::default();
        for (producer_id, timestamp_ms) in [(7, 1_000), (8, 1_001)] {
            let mut builder = BatchBuilder::new(timestamp_ms);
            builder.push(timestamp_ms, b"", b"v");
            producers.update(&builder.build(ProducerId(producer_id), ProducerEpoch(0), Sequence(40)));
        }
        let now = Timestamp::from_duration(Duration::from_millis(1_500));
        assert_eq!(producers.expire(now, Duration::from_millis(501)), []);
        assert_eq!(producers.expire(now, Duration::from_millis(500)), [ProducerId(7)]);
        assert_eq!(producers.check(&sent(0, 17, 1)), Ok(SequenceCheck::Accept), "it is unknown now");
        let other = testing::idempotent_batch(&["v"], 8, 0, 17);
        assert_eq!(producers.check(&other), OUT_OF_ORDER);
    }

    /// What the naive state knows of a batch: epoch, base sequence, records, base offset.
    type Appended = (i16, i64, i64, i64);

    /// The naive state is the whole history, with sequences that never wrap.
    fn naive(history: &[Appended], epoch: i16, base: i64, records: i64) -> Result<SequenceCheck, ErrorCode> {
        let Some(newest) = history.last() else { return Ok(SequenceCheck::Accept) };
        if epoch < newest.0 {
            return Err(ErrorCode::INVALID_PRODUCER_EPOCH);
        }
        if newest.0 < epoch {
            return if base % (1 << 31) == 0 { Ok(SequenceCheck::Accept) } else { OUT_OF_ORDER };
        }
        let same =
            history.iter().rev().take(5).find(|known| (known.0, known.1, known.2) == (epoch, base, records));
        match same {
            Some((_, _, _, offset)) => Ok(SequenceCheck::Duplicate {
                base_offset: Offset(*offset),
                last_offset: Offset(offset + records - 1),
            }),
            None if newest.1 + newest.2 == base => Ok(SequenceCheck::Accept),
            None => OUT_OF_ORDER,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_whole_history_across_the_wrap(
            first in (1i64 << 31) - 12..(1i64 << 31),
            sends in prop::collection::vec((0u8..8, -12i64..3, 1i64..4), 1..60),
        ) {
            let mut producers = ProducerStateManager::default();
            let mut history: Vec<Appended> = Vec::new();
            let mut end = 0;
            for (kind, shift, records) in sends {
                let (epoch, next) = history.last().map_or((0, first), |last| (last.0, last.1 + last.2));
                let (epoch, base) = match kind {
                    0 => (epoch + 1, 0),
                    1 => ((epoch - 1).max(0), next),
                    2 => (epoch, (next + shift).max(0)),
                    3 => (epoch + 1, next.max(1)),
                    4 | 5 => history.iter().rev().nth(-shift.min(0) as usize % 7).map_or((epoch, next), |old| (old.0, old.1)),
                    _ => (epoch, next),
                };
                let batch = sent(epoch, (base % (1 << 31)) as i32, records as usize);
                let expected = naive(&history, epoch, base, records);
                prop_assert_eq!(producers.check(&batch), expected, "{} {} after {:?}", epoch, base, history);
                if expected == Ok(SequenceCheck::Accept) {
                    producers.update(&at(batch, end));
                    history.push((epoch, base, records, end));
                    end += records;
                }
            }
        }
    }
}
