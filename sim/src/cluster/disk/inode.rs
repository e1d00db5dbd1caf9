//! One file, without its name: what the platter has of it and what only the page cache has.

use std::io;

use bytes::{Bytes, BytesMut};

use super::dirty::DirtyTail;
use super::phantom::Phantoms;
use super::platter::Platter;

/// Number of an inode. Never used twice in the life of a disk.
pub(super) type InodeNumber = u64;

/// One file's content.
///
/// ```text
///                0       stable       clean   durable_len      len
///   platter      ███████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒             ▒ cut, but only in the page cache
///   page cache   ···░░······░░░░░░░░░░█████████████████████   · read from the platter   ░ phantom
/// ```
///
/// Without failed flushes `stable` is `clean`, and nothing is phantom.
///
/// Invariants:
/// * bytes `[0, stable)` are the same in the page cache and on the platter, but for phantoms, which are zeros there;
/// * `stable <= clean <= len`; the bytes from `clean` on are dirty, and those between `stable` and `clean` phantoms;
/// * `stable <= durable_len`, and less only after a truncation that was not flushed;
/// * a file that has no volatile name has nothing dirty or phantom: nobody can flush or read it any more.
#[derive(Clone, Debug)]
pub(super) struct Inode {
    /// Whether the volatile names lead here.
    pub(super) in_volatile: bool,
    /// Whether the durable names lead here.
    pub(super) in_durable: bool,
    durable_len: u64,
    /// How short the file was at its shortest since the last flush that succeeded.
    stable: u64,
    phantoms: Phantoms,
    dirty: DirtyTail,
}

impl Inode {
    /// A file whose `durable_len` bytes are all on the platter. It has no name yet.
    pub(super) fn clean(durable_len: u64) -> Inode {
        Inode {
            in_volatile: false,
            in_durable: false,
            durable_len,
            stable: durable_len,
            phantoms: Phantoms::default(),
            dirty: DirtyTail::clean(durable_len),
        }
    }

    /// Length as the process sees it.
    pub(super) fn len(&self) -> u64 {
        self.dirty.end()
    }

    /// How many bytes the next flush would write.
    pub(super) fn dirty_bytes(&self) -> u64 {
        self.dirty.len()
    }

    /// How many bytes look clean and are not on the platter.
    pub(super) fn phantom_bytes(&self) -> u64 {
        self.phantoms.len()
    }

    /// The bytes that power loss would take, all of them in memory, with their positions.
    pub(super) fn unsaved(&self) -> impl Iterator<Item = (u64, Bytes)> {
        let clean = self.dirty.start();
        self.phantoms.pieces(0, clean).chain(self.dirty.pieces(clean, self.len()))
    }

    /// How many bytes that were cut power loss would bring back.
    pub(super) fn cut_bytes(&self) -> u64 {
        self.durable_len - self.stable
    }

    /// Adds bytes at the end, in the page cache.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.dirty.append(bytes);
    }

    /// Cuts to `len`, in the page cache: the platter keeps its bytes until the next sync.
    pub(super) fn truncate(&mut self, len: u64) {
        self.dirty.truncate(len);
        self.phantoms.truncate(len);
        self.stable = self.stable.min(len);
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
        let mut bytes = BytesMut::new();
        let read = |bytes: &mut BytesMut, to: u64| {
            let have = bytes.len();
            bytes.resize(usize::try_from(to - from).expect("at most `len`"), 0);
            if have < bytes.len() {
                platter.read_at(number, from + have as u64, &mut bytes[have..])?;
            }
            io::Result::Ok(())
        };
        let clean_to = to.min(clean).max(from);
        for (position, piece) in self.phantoms.pieces(from, clean_to) {
            read(&mut bytes, position)?;
            bytes.extend_from_slice(&piece);
        }
        read(&mut bytes, clean_to)?;
        for (_, piece) in pieces {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }

    /// Makes bytes below `len_at_start` durable, as they are now, and the length with them: bytes appended since the
    /// flush started stay dirty, bytes cut since then are not written. Where an earlier flush failed there will be
    /// zeros: what looks clean is not written. Returns how many bytes were written.
    pub(super) fn sync(
        &mut self,
        platter: &mut impl Platter,
        number: InodeNumber,
        len_at_start: u64,
    ) -> io::Result<u64> {
        let (clean, to) = self.to_flush(len_at_start);
        for (position, hole) in self.phantoms.pieces(self.stable, clean) {
            platter.write_at(number, position, &vec![0; hole.len()])?;
        }
        for (position, piece) in self.dirty.pieces(clean, to) {
            platter.write_at(number, position, &piece)?;
        }
        self.dirty.clean_up_to(to);
        self.durable_len = to;
        self.stable = to;
        self.check();
        Ok(to - clean)
    }

    /// A flush that fails: the bytes that [`Inode::sync`] would write are clean from now on, and the platter is as it
    /// was. Returns how many.
    pub(super) fn fail_sync(&mut self, len_at_start: u64) -> u64 {
        let (clean, to) = self.to_flush(len_at_start);
        for (position, piece) in self.dirty.pieces(clean, to) {
            self.phantoms.add(position, piece);
        }
        self.dirty.clean_up_to(to);
        self.check();
        to - clean
    }

    /// The dirty bytes that a flush means.
    fn to_flush(&self, len_at_start: u64) -> (u64, u64) {
        let clean = self.dirty.start();
        // Another flush that started later may have ended first: what is clean stays clean.
        (clean, len_at_start.min(self.len()).max(clean))
    }

    /// Back to what the platter has: what was only in the page cache is gone, bytes that were cut are there again.
    pub(super) fn revert(&mut self) {
        self.dirty = DirtyTail::clean(self.durable_len);
        self.phantoms = Phantoms::default();
        self.stable = self.durable_len;
        self.check();
    }

    fn check(&self) {
        let clean = self.dirty.start();
        assert!(self.stable <= self.durable_len, "stable bytes that are not on the platter");
        assert!(self.stable <= clean, "stable bytes that are dirty");
        assert!(clean <= self.dirty.end(), "clean bytes beyond the end");
        assert!(clean - self.stable <= self.phantoms.len(), "clean bytes that are nowhere");
    }
}
