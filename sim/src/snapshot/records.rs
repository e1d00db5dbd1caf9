//! What a log holds, batch by batch.

use std::collections::VecDeque;

use broker_core::types::{LeaderEpoch, Offset};

/// One record batch of a log, as its bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchFacts {
    /// Offset of its first record.
    pub base_offset: Offset,
    /// Offset after its last record.
    pub end_offset: Offset,
    /// Leader epoch in which a leader appended it; [`LeaderEpoch::NONE`] if bits of its file have turned over: no checksum
    /// covers it.
    pub leader_epoch: LeaderEpoch,
    /// The checksum it carries, over everything but its place and its leader epoch; `None` if its bytes are not those the
    /// checksum was made of: then it is a stretch of the log of which nobody can tell what it held.
    pub checksum: Option<u32>,
}

impl BatchFacts {
    /// Whether both are the same batch, as far as anybody can tell. Both hold some record of the same offset.
    pub fn is_same(&self, other: &BatchFacts) -> bool {
        let place = |batch: &BatchFacts| (batch.base_offset, batch.end_offset, batch.checksum);
        let is_known = self.leader_epoch != LeaderEpoch::NONE && other.leader_epoch != LeaderEpoch::NONE;
        let is_of_one_epoch = !is_known || self.leader_epoch == other.leader_epoch;
        let are_readable = self.checksum.is_some() && other.checksum.is_some();
        !are_readable || (place(self) == place(other) && is_of_one_epoch)
    }
}

/// The batches of one log.
///
/// Invariants:
/// * batches are in the order of their offsets, and none overlaps the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    batches: VecDeque<BatchFacts>,
}

impl Records {
    /// Adds a batch at the end.
    ///
    /// # Panics
    /// If it begins below the end of the last one.
    pub fn push(&mut self, batch: BatchFacts) {
        let end = self.end().unwrap_or(Offset::ZERO);
        assert!(end <= batch.base_offset, "{batch:?} begins below {end}");
        self.batches.push_back(batch);
    }

    /// Drops every batch that ends above `to`.
    pub fn truncate(&mut self, to: Offset) {
        let kept = self.batches.partition_point(|batch| batch.end_offset <= to);
        self.batches.truncate(kept);
    }

    /// Drops every batch that ends at or below `start`.
    pub fn delete_below(&mut self, start: Offset) {
        while self.batches.front().is_some_and(|batch| batch.end_offset <= start) {
            self.batches.pop_front();
        }
    }

    /// Where the last batch ends; `None` if there is none.
    pub fn end(&self) -> Option<Offset> {
        self.batches.back().map(|batch| batch.end_offset)
    }

    /// How many batches.
    pub fn len(&self) -> usize {
        self.batches.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Batches that end above `from`, in order.
    pub fn from(&self, from: Offset) -> impl Iterator<Item = &BatchFacts> {
        let first = self.batches.partition_point(|batch| batch.end_offset <= from);
        self.batches.range(first..)
    }

    /// Batches with a record in `from..to`, in order.
    pub fn between(&self, from: Offset, to: Offset) -> impl Iterator<Item = &BatchFacts> {
        self.from(from).take_while(move |batch| batch.base_offset < to)
    }

    /// The batch that holds the record at `offset`.
    pub fn at(&self, offset: Offset) -> Option<&BatchFacts> {
        self.from(offset).next().filter(|batch| batch.base_offset <= offset)
    }

    /// The base offset of the first batch with a record in `from..to` that `other` does not have as it is here.
    pub fn first_missing_in(&self, other: &Records, from: Offset, to: Offset) -> Option<Offset> {
        let mut others = other.from(from).peekable();
        for batch in self.between(from, to) {
            while others.next_if(|other| other.end_offset <= batch.base_offset).is_some() {}
            let overlaps = |other: &BatchFacts| other.base_offset < batch.end_offset;
            if !others.peek().is_some_and(|other| overlaps(other) && batch.is_same(other)) {
                return Some(batch.base_offset);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(base: i64, end: i64, epoch: i32, checksum: u32) -> BatchFacts {
        BatchFacts {
            base_offset: Offset(base),
            end_offset: Offset(end),
            leader_epoch: LeaderEpoch(epoch),
            checksum: Some(checksum),
        }
    }

    fn records(batches: &[BatchFacts]) -> Records {
        let mut records = Records::default();
        batches.iter().for_each(|batch| records.push(*batch));
        records
    }

    #[test]
    fn batches_are_cut_at_both_ends_as_wholes() {
        let mut log = records(&[batch(0, 2, 0, 1), batch(2, 5, 0, 2), batch(5, 6, 1, 3)]);
        assert_eq!(log.at(Offset(4)).map(|batch| batch.checksum), Some(Some(2)));
        assert_eq!(log.between(Offset(1), Offset(5)).count(), 2);
        log.truncate(Offset(4));
        assert_eq!(log.end(), Some(Offset(2)), "half a batch is none");
        log.delete_below(Offset(1));
        assert_eq!(log.len(), 1, "its second record is still wanted");
        log.delete_below(Offset(2));
        assert!(log.is_empty());
    }

    #[test]
    fn logs_are_compared_batch_by_batch() {
        let log = records(&[batch(0, 2, 0, 1), batch(2, 5, 0, 2), batch(5, 6, 1, 3)]);
        let missing = |other: &[BatchFacts], from, to| {
            log.first_missing_in(&records(other), Offset(from), Offset(to)).map(|offset| offset.0)
        };
        assert_eq!(missing(&[batch(0, 2, 0, 1), batch(2, 5, 0, 2), batch(5, 6, 1, 3)], 0, 6), None);
        assert_eq!(missing(&[batch(0, 2, 0, 1)], 0, 6), Some(2));
        assert_eq!(missing(&[batch(0, 2, 0, 1)], 0, 2), None);
        assert_eq!(missing(&[batch(2, 5, 0, 2), batch(5, 6, 1, 3)], 2, 6), None, "what is below was deleted");
        assert_eq!(missing(&[batch(0, 2, 0, 1), batch(2, 5, 1, 2)], 0, 6), Some(2), "another leader epoch");
        assert_eq!(missing(&[batch(0, 2, 0, 1), batch(2, 5, 0, 9)], 0, 6), Some(2), "other bytes");
        let rotten = BatchFacts { leader_epoch: LeaderEpoch::NONE, ..batch(2, 5, 0, 2) };
        assert_eq!(missing(&[batch(0, 2, 0, 1), rotten], 0, 5), None, "its leader epoch may have rotted");
        let rotten = BatchFacts { checksum: Some(9), ..rotten };
        assert_eq!(missing(&[batch(0, 2, 0, 1), rotten], 0, 5), Some(2), "but not its records");
        let unknown = BatchFacts { checksum: None, ..batch(2, 6, 7, 0) };
        assert_eq!(missing(&[batch(0, 2, 0, 1), unknown], 0, 6), None, "nobody can tell");
        assert_eq!(missing(&[batch(0, 2, 0, 1), batch(5, 6, 1, 3)], 0, 6), Some(2), "a hole is not unknown");
    }
}
