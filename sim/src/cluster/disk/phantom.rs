//! Pages that a failed fsync marked clean: in the page cache, and nowhere else.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Extents of one file that look clean and are not on the platter.
///
/// Invariants:
/// * extents are not empty and do not overlap;
/// * `len` is the sum of their lengths.
#[derive(Clone, Debug, Default)]
pub(super) struct Phantoms {
    extents: BTreeMap<u64, Bytes>,
    len: u64,
}

impl Phantoms {
    /// How many bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Takes over bytes that were dirty. They lie above all that are here.
    pub(super) fn add(&mut self, position: u64, bytes: Bytes) {
        let end = self.extents.last_key_value().map_or(0, |(at, extent)| at + extent.len() as u64);
        assert!(end <= position && !bytes.is_empty(), "a page fails once");
        self.len += bytes.len() as u64;
        self.extents.insert(position, bytes);
    }

    /// Cuts the file to `len` bytes.
    pub(super) fn truncate(&mut self, len: u64) {
        let above = self.extents.split_off(&len);
        self.len -= above.values().map(|extent| extent.len() as u64).sum::<u64>();
        if let Some(mut last) = self.extents.last_entry() {
            let keep = usize::try_from(len - *last.key()).unwrap_or(usize::MAX);
            self.len -= last.get().len().saturating_sub(keep) as u64;
            last.get_mut().truncate(keep);
        }
    }

    /// The parts of them within `[from, to)`, with their positions.
    pub(super) fn pieces(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, Bytes)> {
        let first = self.extents.range(..=from).next_back().map_or(from, |(at, _)| *at);
        self.extents.range(first..to.max(first)).filter_map(move |(&at, extent)| {
            let (low, high) = (from.max(at), to.min(at + extent.len() as u64));
            let index = |position: u64| usize::try_from(position - at).expect("within the extent");
            (low < high).then(|| (low, extent.slice(index(low)..index(high))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_keeps_what_is_below_it() {
        for (len, left) in [(0, 0), (3, 0), (5, 2), (6, 3), (8, 3), (11, 4), (99, 6)] {
            let mut phantoms = Phantoms::default();
            phantoms.add(3, Bytes::from_static(b"abc"));
            phantoms.add(10, Bytes::from_static(b"def"));
            phantoms.truncate(len);
            assert_eq!(phantoms.len(), left, "cut to {len}");
            let sum: usize = phantoms.pieces(0, u64::MAX).map(|(_, piece)| piece.len()).sum();
            assert_eq!(sum as u64, left);
        }
    }

    #[test]
    fn pieces_are_parts_of_extents() {
        let mut phantoms = Phantoms::default();
        phantoms.add(3, Bytes::from_static(b"abc"));
        phantoms.add(6, Bytes::from_static(b"def"));
        let pieces = |from, to| phantoms.pieces(from, to).collect::<Vec<_>>();
        assert_eq!(pieces(4, 8), [(4, Bytes::from_static(b"bc")), (6, Bytes::from_static(b"de"))]);
        assert_eq!(pieces(0, 4), [(3, Bytes::from_static(b"a"))]);
        assert_eq!(pieces(9, 20), []);
        assert_eq!(pieces(4, 4), []);
    }
}
