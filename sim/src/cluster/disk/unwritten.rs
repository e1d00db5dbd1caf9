//! Bytes that the kernel takes for clean although the platter does not have them: in memory, and nowhere else.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Why the platter does not have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// A flush failed and marked them clean all the same: no flush writes them any more.
    Failed,
    /// A flush said that it had written them: a later one that does not lie will.
    Lied,
}

/// Such extents of one file.
///
/// Invariants:
/// * extents are not empty and do not overlap;
/// * `failed` and `lied` are the sums of their lengths.
#[derive(Clone, Debug, Default)]
pub(super) struct Unwritten {
    extents: BTreeMap<u64, (Bytes, Why)>,
    failed: u64,
    lied: u64,
}

impl Unwritten {
    /// How many bytes of failed flushes.
    pub(super) fn failed(&self) -> u64 {
        self.failed
    }

    /// How many bytes of flushes that lied.
    pub(super) fn lied(&self) -> u64 {
        self.lied
    }

    /// Position of the first of them.
    pub(super) fn first(&self) -> Option<u64> {
        self.extents.first_key_value().map(|(at, _)| *at)
    }

    /// Position of the first byte of flushes that lied.
    pub(super) fn first_lied(&self) -> Option<u64> {
        self.extents.iter().find(|(_, (_, why))| *why == Why::Lied).map(|(at, _)| *at)
    }

    /// Position of the first byte of flushes that failed.
    pub(super) fn first_failed(&self) -> Option<u64> {
        self.extents.iter().find(|(_, (_, why))| *why == Why::Failed).map(|(at, _)| *at)
    }

    fn count(&mut self, why: Why) -> &mut u64 {
        match why {
            Why::Failed => &mut self.failed,
            Why::Lied => &mut self.lied,
        }
    }

    /// Takes over bytes that were dirty. They lie above all that are here.
    pub(super) fn add(&mut self, position: u64, bytes: Bytes, why: Why) {
        let end = self.extents.last_key_value().map_or(0, |(at, (extent, _))| at + extent.len() as u64);
        assert!(end <= position && !bytes.is_empty(), "bytes are flushed once");
        *self.count(why) += bytes.len() as u64;
        self.extents.insert(position, (bytes, why));
    }

    /// Cuts the file to `len` bytes.
    pub(super) fn truncate(&mut self, len: u64) {
        for (extent, why) in self.extents.split_off(&len).into_values() {
            *self.count(why) -= extent.len() as u64;
        }
        if let Some(mut last) = self.extents.last_entry() {
            let keep = usize::try_from(len - *last.key()).unwrap_or(usize::MAX);
            let (extent, why) = last.get_mut();
            let (cut, why) = (extent.len().saturating_sub(keep) as u64, *why);
            extent.truncate(keep);
            *self.count(why) -= cut;
        }
    }

    /// What flushes lied about is on the platter now.
    pub(super) fn told_the_truth(&mut self) {
        self.extents.retain(|_, (_, why)| *why == Why::Failed);
        self.lied = 0;
    }

    /// The parts of them within `[from, to)`, with their positions.
    pub(super) fn pieces(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, Bytes, Why)> {
        let first = self.extents.range(..=from).next_back().map_or(from, |(at, _)| *at);
        self.extents.range(first..to.max(first)).filter_map(move |(&at, (extent, why))| {
            let (low, high) = (from.max(at), to.min(at + extent.len() as u64));
            let index = |position: u64| usize::try_from(position - at).expect("within the extent");
            (low < high).then(|| (low, extent.slice(index(low)..index(high)), *why))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Unwritten {
        let mut unwritten = Unwritten::default();
        unwritten.add(3, Bytes::from_static(b"abc"), Why::Failed);
        unwritten.add(10, Bytes::from_static(b"def"), Why::Lied);
        unwritten
    }

    #[test]
    fn a_cut_keeps_what_is_below_it() {
        for (len, failed, lied) in
            [(0, 0, 0), (3, 0, 0), (5, 2, 0), (6, 3, 0), (8, 3, 0), (11, 3, 1), (99, 3, 3)]
        {
            let mut unwritten = two();
            unwritten.truncate(len);
            assert_eq!((unwritten.failed(), unwritten.lied()), (failed, lied), "cut to {len}");
            let sum: usize = unwritten.pieces(0, u64::MAX).map(|(_, piece, _)| piece.len()).sum();
            assert_eq!(sum as u64, failed + lied);
        }
    }

    #[test]
    fn pieces_are_parts_of_extents() {
        let unwritten = two();
        let pieces = |from, to| unwritten.pieces(from, to).collect::<Vec<_>>();
        assert_eq!(
            pieces(4, 11),
            [(4, Bytes::from_static(b"bc"), Why::Failed), (10, Bytes::from_static(b"d"), Why::Lied)]
        );
        assert_eq!(pieces(0, 4), [(3, Bytes::from_static(b"a"), Why::Failed)]);
        assert_eq!(pieces(6, 10), []);
        assert_eq!(pieces(4, 4), []);
    }

    #[test]
    fn the_truth_leaves_what_failed() {
        let mut unwritten = two();
        assert_eq!(unwritten.first_lied(), Some(10));
        unwritten.told_the_truth();
        assert_eq!((unwritten.failed(), unwritten.lied(), unwritten.first_lied()), (3, 0, None));
    }
}
