//! The dirty tail of one file: bytes that are in the page cache and not on the platter.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::mem;

use bytes::{Bytes, BytesMut};

/// Small appends gather in one extent until it has this many bytes: a file of many tiny batches has few extents, and
/// at most this much is copied when the extent that still grows is read.
pub(super) const EXTENT_BYTES: usize = 64 * 1024;

/// Bytes `[start, end)` of a file whose bytes below `start` are clean.
///
/// Writes are appends and truncations only, so what is dirty is always one range at the end of the file. It is kept
/// as extents, not as one buffer, so that reads share memory and a disk fault can act on a part of it.
///
/// Invariants:
/// * the sealed extents touch each other, are not empty, and cover `[start, open_at)`;
/// * the open extent covers `[open_at, end)` and is shorter than [`EXTENT_BYTES`].
#[derive(Clone, Debug)]
pub(super) struct DirtyTail {
    start: u64,
    sealed: BTreeMap<u64, Bytes>,
    open_at: u64,
    open: BytesMut,
    visited: Cell<u64>,
}

impl DirtyTail {
    /// Nothing is dirty in a file of `len` bytes.
    pub(super) fn clean(len: u64) -> DirtyTail {
        DirtyTail {
            start: len,
            sealed: BTreeMap::new(),
            open_at: len,
            open: BytesMut::new(),
            visited: Cell::new(0),
        }
    }

    /// Position of the first dirty byte; the file's length if there is none.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The file's length.
    pub(super) fn end(&self) -> u64 {
        self.open_at + self.open.len() as u64
    }

    /// How many bytes are dirty.
    pub(super) fn len(&self) -> u64 {
        self.end() - self.start
    }

    /// How many extents were looked at so far: what reading and flushing cost.
    #[cfg(test)]
    pub(super) fn visited(&self) -> u64 {
        self.visited.get()
    }

    /// Adds bytes at the end.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.open.extend_from_slice(bytes);
        if EXTENT_BYTES <= self.open.len() {
            let end = self.end();
            self.sealed.insert(self.open_at, mem::take(&mut self.open).freeze());
            self.open_at = end;
        }
    }

    /// Cuts the file to `len` bytes; below `start` that also cuts clean bytes.
    pub(super) fn truncate(&mut self, len: u64) {
        assert!(len <= self.end(), "truncation to {len} would grow a file of {}", self.end());
        if self.open_at <= len {
            self.open.truncate(index(len - self.open_at));
            return;
        }
        self.open.clear();
        self.open_at = len;
        self.sealed.split_off(&len);
        if let Some(mut last) = self.sealed.last_entry() {
            let keep = index(len - *last.key());
            last.get_mut().truncate(keep);
        }
        self.start = self.start.min(len);
    }

    /// The bytes `[from, to)`, all dirty, extent by extent, with their positions. Sealed extents are shared, not copied.
    pub(super) fn pieces(&self, from: u64, to: u64) -> Vec<(u64, Bytes)> {
        assert!(self.start <= from && from <= to && to <= self.end(), "{from}..{to} is not all dirty");
        let mut pieces = Vec::new();
        if from == to {
            return pieces;
        }
        let first = self.sealed.range(..=from).next_back().map_or(from, |(at, _)| *at);
        for (&at, extent) in self.sealed.range(first..to) {
            self.visited.set(self.visited.get() + 1);
            let (low, high) = (from.max(at), to.min(at + extent.len() as u64));
            if low < high {
                pieces.push((low, extent.slice(index(low - at)..index(high - at))));
            }
        }
        if self.open_at < to {
            self.visited.set(self.visited.get() + 1);
            let low = from.max(self.open_at);
            let range = index(low - self.open_at)..index(to - self.open_at);
            pieces.push((low, Bytes::copy_from_slice(&self.open[range])));
        }
        pieces
    }

    /// The bytes below `to` are clean from now on.
    pub(super) fn clean_up_to(&mut self, to: u64) {
        assert!(self.start <= to && to <= self.end(), "{to} is not within the dirty tail");
        self.start = to;
        if self.open_at <= to {
            self.sealed.clear();
            let _ = self.open.split_to(index(to - self.open_at));
            self.open_at = to;
            return;
        }
        let above = self.sealed.split_off(&to);
        let below = mem::replace(&mut self.sealed, above);
        if let Some((at, extent)) = below.into_iter().next_back()
            && to < at + extent.len() as u64
        {
            self.sealed.insert(to, extent.slice(index(to - at)..));
        }
    }
}

/// A distance within one extent, which is in memory and therefore fits.
fn index(distance: u64) -> usize {
    usize::try_from(distance).expect("an extent fits into memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(tail: &DirtyTail, from: u64, to: u64) -> Vec<u8> {
        let mut next = from;
        let mut all = Vec::new();
        for (at, piece) in tail.pieces(from, to) {
            assert_eq!(at, next, "pieces touch each other");
            next += piece.len() as u64;
            all.extend_from_slice(&piece);
        }
        assert_eq!(next, to);
        all
    }

    /// 200,000 bytes from position 1,000 whose values tell their position.
    fn filled() -> (DirtyTail, Vec<u8>) {
        let content: Vec<u8> = (0..200_000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let mut tail = DirtyTail::clean(1_000);
        for chunk in content.chunks(777) {
            tail.append(chunk);
        }
        (tail, content)
    }

    #[test]
    fn small_appends_share_extents() {
        let (tail, content) = filled();
        assert_eq!((tail.start(), tail.end(), tail.len()), (1_000, 201_000, 200_000));
        assert_eq!(tail.sealed.len(), 3);
        assert_eq!(gather(&tail, 1_000, 201_000), content);
    }

    #[test]
    fn every_cut_keeps_what_is_left() {
        for at in [0, 1, 65_268, 66_000, 100_000, 199_999, 200_000] {
            let (mut tail, content) = filled();
            tail.truncate(1_000 + at as u64);
            assert_eq!(gather(&tail, 1_000, tail.end()), content[..at]);
            tail.append(b"new");
            assert_eq!(gather(&tail, tail.end() - 3, tail.end()), b"new");

            let (mut tail, content) = filled();
            tail.clean_up_to(1_000 + at as u64);
            assert_eq!(gather(&tail, tail.start(), tail.end()), content[at..]);
            assert_eq!(tail.len(), 200_000 - at as u64);
        }
    }

    #[test]
    fn a_cut_below_the_start_takes_clean_bytes() {
        let (mut tail, _) = filled();
        tail.truncate(400);
        assert_eq!((tail.start(), tail.end(), tail.len()), (400, 400, 0));
        tail.append(b"x");
        assert_eq!(gather(&tail, 400, 401), b"x");
    }

    #[test]
    fn a_read_visits_only_what_it_returns() {
        let mut tail = DirtyTail::clean(0);
        for _ in 0..1_000 {
            tail.append(&[7; EXTENT_BYTES]);
        }
        for i in 0..500 {
            assert_eq!(gather(&tail, i * 65_536 + 10, i * 65_536 + 20), [7; 10]);
        }
        assert_eq!(tail.visited(), 500);
    }

    #[test]
    fn sealed_extents_are_shared() {
        let (tail, _) = filled();
        let twice = [tail.pieces(2_000, 3_000), tail.pieces(2_000, 3_000)];
        assert_eq!(twice[0][0].1.as_ptr(), twice[1][0].1.as_ptr());
    }
}
