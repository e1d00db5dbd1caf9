//! Where in a segment's file an offset is: Kafka's `OffsetIndex`, in memory only and rebuilt at open.

use crate::types::Offset;

/// At most this many bytes lie between an entry and the start of any batch it stands for; `index.interval.bytes`.
pub(super) const INDEX_INTERVAL_BYTES: u64 = 4096;

/// A batch that starts at `position` (bytes) with `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub offset: Offset,
    pub position: u64,
}

/// A few of a segment's batches, so that a read starts near what it wants.
///
/// * Offsets and positions rise strictly together.
/// * The first batch of the segment is always in it.
/// * Every batch starts less than [`INDEX_INTERVAL_BYTES`] after the last entry at or before it.
#[derive(Clone, Debug, Default)]
pub(super) struct SparseIndex {
    entries: Vec<IndexEntry>,
}

impl SparseIndex {
    /// Takes note of a batch at the end of the segment.
    pub fn observe(&mut self, offset: Offset, position: u64) {
        if let Some(last) = self.entries.last() {
            assert!(last.offset < offset && last.position < position, "index out of order at {offset}");
            if position < last.position + INDEX_INTERVAL_BYTES {
                return;
            }
        }
        self.entries.push(IndexEntry { offset, position });
    }

    /// The last entry at or below `offset`; `None` if the segment is empty.
    pub fn floor(&self, offset: Offset) -> Option<IndexEntry> {
        let above = self.entries.partition_point(|entry| entry.offset <= offset);
        self.entries[..above].last().copied()
    }

    /// The first entry at or above `offset`: nothing from its position on holds anything below `offset`.
    pub fn ceiling(&self, offset: Offset) -> Option<IndexEntry> {
        self.entries.get(self.entries.partition_point(|entry| entry.offset < offset)).copied()
    }

    /// Forgets what begins at `position` or later.
    pub fn truncate(&mut self, position: u64) {
        let kept = self.entries.partition_point(|entry| entry.position < position);
        self.entries.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_sparse_and_found_from_both_sides() {
        let mut index = SparseIndex::default();
        assert_eq!(index.floor(Offset(3)), None);
        for batch in 0..100 {
            index.observe(Offset(10 + batch), 1_000 * batch as u64);
        }
        assert_eq!(index.entries.len(), 20, "every fifth batch of 1000 bytes");
        let at = |offset, position| Some(IndexEntry { offset: Offset(offset), position });
        assert_eq!(index.floor(Offset(10)), at(10, 0));
        assert_eq!(index.floor(Offset(14)), at(10, 0));
        assert_eq!(index.floor(Offset(15)), at(15, 5_000));
        assert_eq!(index.ceiling(Offset(11)), at(15, 5_000));
        assert_eq!(index.ceiling(Offset(15)), at(15, 5_000));
        assert_eq!(index.ceiling(Offset(106)), None);
        index.truncate(5_000);
        assert_eq!(index.floor(Offset(99)), at(10, 0));
    }
}
