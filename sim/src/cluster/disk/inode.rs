//! One file, without its name: what the platter has of it and what only the page cache has.

use std::io;

use bytes::{Bytes, BytesMut};

use super::dirty::DirtyTail;
use super::platter::Platter;

/// Number of an inode. Never used twice in the life of a disk.
pub(super) type InodeNumber = u64;

/// One file's content.
///
/// ```text
///                0        clean        durable_len      len
///   platter      ██████████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒             ▒ cut, but only in the page cache
///   page cache   ··············████████████████████████   · read from the platter
/// ```
///
/// Invariants:
/// * bytes `[0, clean)` are the same in the page cache and on the platter;
/// * `clean <= durable_len`, and less only after a truncation that was not flushed;
/// * `clean <= len`; the bytes between are dirty;
/// * a file that has no volatile name has nothing dirty: nobody can flush it any more.
#[derive(Clone, Debug)]
pub(super) struct Inode {
    /// Whether the volatile names lead here.
    pub(super) in_volatile: bool,
    /// Whether the durable names lead here.
    pub(super) in_durable: bool,
    durable_len: u64,
    dirty: DirtyTail,
}

impl Inode {
    /// A file whose `durable_len` bytes are all on the platter. It has no name yet.
    pub(super) fn clean(durable_len: u64) -> Inode {
        Inode { in_volatile: false, in_durable: false, durable_len, dirty: DirtyTail::clean(durable_len) }
    }

    /// Length as the process sees it.
    pub(super) fn len(&self) -> u64 {
        self.dirty.end()
    }

    /// How many bytes power loss would take.
    pub(super) fn dirty_bytes(&self) -> u64 {
        self.dirty.len()
    }

    /// How many bytes that were cut power loss would bring back.
    pub(super) fn cut_bytes(&self) -> u64 {
        self.durable_len - self.dirty.start()
    }

    /// Adds bytes at the end, in the page cache.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.dirty.append(bytes);
    }

    /// Cuts to `len`, in the page cache: the platter keeps its bytes until the next sync.
    pub(super) fn truncate(&mut self, len: u64) {
        self.dirty.truncate(len);
        self.check();
    }

    /// Up to `len` bytes from `position`; fewer at the end of the file.
    pub(super) fn read(
        &self,
        platter: &impl Platter,
        number: InodeNumber,
        position: u64,
        len: usize,
    ) -> io::Result<Bytes> {
        let from = position.min(self.len());
        let to = self.len().min(position.saturating_add(len as u64));
        let clean = self.dirty.start();
        let mut pieces = self.dirty.pieces(from.max(clean), to.max(clean));
        if clean <= from && pieces.len() == 1 {
            return Ok(pieces.remove(0).1);
        }
        let from_platter = usize::try_from(to.min(clean).saturating_sub(from)).expect("at most `len`");
        let mut bytes = BytesMut::zeroed(from_platter);
        if 0 < from_platter {
            platter.read_at(number, from, &mut bytes)?;
        }
        for (_, piece) in pieces {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }

    /// Makes bytes below `len_at_start` durable, as they are now, and the length with them: bytes appended since the
    /// flush started stay dirty, bytes cut since then are not written. Returns how many bytes were written.
    pub(super) fn sync(
        &mut self,
        platter: &mut impl Platter,
        number: InodeNumber,
        len_at_start: u64,
    ) -> io::Result<u64> {
        let clean = self.dirty.start();
        // Another flush that started later may have ended first: what is clean stays clean.
        let to = len_at_start.min(self.len()).max(clean);
        for (position, piece) in self.dirty.pieces(clean, to) {
            platter.write_at(number, position, &piece)?;
        }
        self.dirty.clean_up_to(to);
        self.durable_len = to;
        self.check();
        Ok(to - clean)
    }

    /// Back to what the platter has: dirty bytes are gone, bytes that were cut are there again.
    pub(super) fn revert(&mut self) {
        self.dirty = DirtyTail::clean(self.durable_len);
        self.check();
    }

    fn check(&self) {
        assert!(self.dirty.start() <= self.durable_len, "clean bytes that are not on the platter");
        assert!(self.dirty.start() <= self.dirty.end(), "clean bytes beyond the end");
    }
}
