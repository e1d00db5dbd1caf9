//! One file, without its name: what the platter has of it and what only the page cache has.

use std::io;

use broker_core::time::Timestamp;
use bytes::{Bytes, BytesMut};

use super::cold::Cold;
use super::dirty::DirtyTail;
use super::marks::Marks;
use super::platter::Platter;
use super::rot::Rot;
use super::unwritten::{Unwritten, Why};

/// Number of an inode. Never used twice in the life of a disk.
pub(super) type InodeNumber = u64;

/// One file's content.
///
/// ```text
///                0       stable       clean   durable_len      len
///   platter      ███████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒             ▒ cut, but only in the page cache
///   page cache   ···░░······░░░░░░░░░░█████████████████████   · read from the platter   ░ unwritten
/// ```
///
/// While flushes neither fail nor lie `stable` is `clean`, and nothing is unwritten.
///
/// Invariants:
/// * bytes `[0, stable)` are the same in the page cache and on the platter, but for those of failed flushes, which are
///   zeros there, and but for rot;
/// * `stable <= clean <= len`; the bytes from `clean` on are dirty, and those between `stable` and `clean` unwritten;
/// * `stable <= durable_len`, and less only after a truncation that was not flushed;
/// * `lied_to`, up to where flushes lied, is at most `clean`;
/// * a file that has no volatile name has nothing dirty or unwritten: nobody can flush or read it any more.
#[derive(Clone, Debug)]
pub(super) struct Inode {
    /// Whether the volatile names lead here.
    pub(super) in_volatile: bool,
    /// Whether the durable names lead here.
    pub(super) in_durable: bool,
    /// Whether it is a segment of a log: whole batches.
    is_segment: bool,
    durable_len: u64,
    /// How short the file was at its shortest since the last flush that was done.
    stable: u64,
    unwritten: Unwritten,
    lied_to: Option<u64>,
    /// Below this everything is durable in the words of some flush, true or not.
    said_to: u64,
    dirty: DirtyTail,
    pub(super) marks: Marks,
    pub(super) rot: Rot,
    /// Bytes below this are not in memory since the power came back, except the chunks that were read since.
    pub(super) cold: Cold,
    /// Write-back failed, and the next fsync has to say so, once.
    pub(super) owes_error: bool,
}

/// What only memory has of a file, in bytes, and how long the file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub dirty: u64,
    pub failed: u64,
    pub lied: u64,
    pub len: u64,
}

impl Inode {
    /// A file whose `durable_len` bytes are all on the platter. It has no name yet.
    pub(super) fn clean(durable_len: u64, is_segment: bool) -> Inode {
        Inode {
            in_volatile: false,
            in_durable: false,
            is_segment,
            durable_len,
            stable: durable_len,
            unwritten: Unwritten::default(),
            lied_to: None,
            said_to: durable_len,
            dirty: DirtyTail::clean(durable_len),
            marks: Marks::default(),
            rot: Rot::default(),
            cold: Cold::default(),
            owes_error: false,
        }
    }

    /// Length as the process sees it.
    pub(super) fn len(&self) -> u64 {
        self.dirty.end()
    }

    /// Length as a process after power loss would see it.
    pub(super) fn durable_len(&self) -> u64 {
        self.durable_len
    }

    /// Position from which on the platter has nothing that the process sees, except what is unwritten below.
    pub(super) fn stable(&self) -> u64 {
        self.stable
    }

    /// Position of the first dirty byte.
    pub(super) fn first_dirty(&self) -> u64 {
        self.dirty.start()
    }

    /// What only memory has of it; nothing if the process does not see it.
    pub(super) fn held(&self) -> Held {
        if !self.in_volatile {
            return Held::default();
        }
        Held {
            dirty: self.dirty.len(),
            failed: self.unwritten.failed(),
            lied: self.unwritten.lied(),
            len: self.len(),
        }
    }

    /// How many bytes power loss would take if nothing of them were on its way.
    pub(super) fn unsaved(&self) -> u64 {
        self.dirty.len() + self.unwritten.failed() + self.unwritten.lied()
    }

    /// Position of the first byte that only memory has.
    pub(super) fn first_unsaved(&self) -> u64 {
        let dirty = self.dirty.start();
        self.unwritten.first().map_or(dirty, |unwritten| unwritten.min(dirty))
    }

    /// Position of the first byte of which nobody can know that it is durable: it is dirty, or the last flush of it failed. A
    /// flush that comes after a failed one says yes.
    pub(super) fn said_durable(&self) -> u64 {
        let dirty = self.dirty.start();
        self.unwritten.first_failed().map_or(dirty, |failed| failed.min(dirty)).max(self.said_to)
    }

    /// Position of the first byte that may be on its way to the platter.
    pub(super) fn first_on_its_way(&self) -> u64 {
        let dirty = self.dirty.start();
        self.unwritten.first_lied().map_or(dirty, |lied| lied.min(dirty))
    }

    /// Adds bytes at the end, in the page cache.
    pub(super) fn append(&mut self, now: Timestamp, bytes: &[u8]) {
        self.marks.append(self.len(), now, bytes, self.is_segment);
        self.dirty.append(bytes);
    }

    /// Cuts to `len`, in the page cache: the platter keeps its bytes until the next sync.
    pub(super) fn truncate(&mut self, len: u64) {
        self.dirty.truncate(len);
        self.unwritten.truncate(len);
        self.marks.truncate(len);
        self.stable = self.stable.min(len);
        self.said_to = self.said_to.min(len);
        self.lied_to = self.lied_to.map(|to| to.min(len));
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
                self.rot.apply(from + have as u64, &mut bytes[have..]);
            }
            io::Result::Ok(())
        };
        let clean_to = to.min(clean).max(from);
        for (position, piece, _) in self.unwritten.pieces(from, clean_to) {
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
        let lied = self.unwritten.lied();
        self.write_to(platter, number, to)?;
        self.said_to = self.said_to.max(to);
        Ok(lied + to - clean)
    }

    /// The device writes what it had only said to have written. Returns how many bytes.
    pub(super) fn tell_the_truth(
        &mut self,
        platter: &mut impl Platter,
        number: InodeNumber,
    ) -> io::Result<u64> {
        let lied = self.unwritten.lied();
        if let Some(to) = self.lied_to {
            self.write_to(platter, number, to)?;
        }
        Ok(lied)
    }

    /// The platter has everything below `to` from now on, but for what a failed flush took for clean, and that length.
    fn write_to(&mut self, platter: &mut impl Platter, number: InodeNumber, to: u64) -> io::Result<()> {
        let clean = self.dirty.start();
        for (position, piece, why) in self.unwritten.pieces(self.stable, clean.min(to)) {
            match why {
                Why::Lied => platter.write_at(number, position, &piece)?,
                Why::Failed => platter.write_at(number, position, &vec![0; piece.len()])?,
            }
        }
        for (position, piece) in self.dirty.pieces(clean, to.max(clean)) {
            platter.write_at(number, position, &piece)?;
        }
        self.rot.heal(self.stable, to);
        self.unwritten.told_the_truth();
        self.lied_to = None;
        self.dirty.clean_up_to(to.max(clean));
        self.durable_len = to;
        self.stable = to;
        self.check();
        Ok(())
    }

    /// A flush that fails: the bytes that [`Inode::sync`] would write are clean from now on, and the platter is as it
    /// was. Returns how many.
    pub(super) fn fail_sync(&mut self, len_at_start: u64) -> u64 {
        let (clean, to) = self.to_flush(len_at_start);
        self.leave_unwritten(clean, to, Why::Failed);
        self.marks.give_up(to);
        to - clean
    }

    /// A flush that lies: as one that fails, but the device has the bytes and will write them with the next flush that
    /// does not lie. Returns how many.
    pub(super) fn lie_sync(&mut self, len_at_start: u64) -> u64 {
        let (clean, to) = self.to_flush(len_at_start);
        self.leave_unwritten(clean, to, Why::Lied);
        self.lied_to = Some(to);
        self.said_to = self.said_to.max(to);
        to - clean
    }

    fn leave_unwritten(&mut self, clean: u64, to: u64, why: Why) {
        for (position, piece) in self.dirty.pieces(clean, to) {
            self.unwritten.add(position, piece, why);
        }
        self.dirty.clean_up_to(to);
        self.check();
    }

    /// The dirty bytes that a flush means.
    fn to_flush(&self, len_at_start: u64) -> (u64, u64) {
        let clean = self.dirty.start();
        // Another flush that started later may have ended first: what is clean stays clean.
        (clean, len_at_start.min(self.len()).max(clean))
    }

    /// The bytes `[from, to)`, all of them on their way to the platter: dirty, or in the device's cache. What a failed
    /// flush took for clean is on no way, and left out.
    pub(super) fn on_its_way(&self, from: u64, to: u64) -> Vec<(u64, Bytes)> {
        let clean = self.dirty.start();
        let lied = self.unwritten.pieces(from.min(clean), to.min(clean));
        let lied = lied.filter(|(_, _, why)| *why == Why::Lied).map(|(at, bytes, _)| (at, bytes));
        lied.chain(self.dirty.pieces(from.max(clean), to.max(clean))).collect()
    }

    /// Back to what the platter has, as far as `len`: what was only in the page cache is gone, bytes that were cut are
    /// there again.
    pub(super) fn revert(&mut self, len: u64) {
        self.durable_len = len;
        self.dirty = DirtyTail::clean(len);
        self.unwritten = Unwritten::default();
        self.lied_to = None;
        self.said_to = len;
        self.marks.truncate(len);
        self.stable = len;
        self.owes_error = false;
        self.check();
    }

    /// Nothing of it is in memory any more.
    pub(super) fn go_cold(&mut self) {
        self.cold = Cold::below(self.len());
    }

    /// Ranges of bytes that the process sees and the platter has: those that can rot.
    pub(super) fn at_rest(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let to = to.min(self.stable);
        let mut ranges = Vec::new();
        let mut next = from;
        for (position, piece, _) in self.unwritten.pieces(from, to.max(from)) {
            ranges.push((next, position));
            next = position + piece.len() as u64;
        }
        ranges.push((next, to));
        ranges.retain(|(from, to)| from < to);
        ranges
    }

    fn check(&self) {
        let clean = self.dirty.start();
        assert!(self.stable <= self.durable_len, "stable bytes that are not on the platter");
        assert!(self.stable <= clean, "stable bytes that are dirty");
        assert!(clean <= self.dirty.end(), "clean bytes beyond the end");
        let unwritten = self.unwritten.failed() + self.unwritten.lied();
        assert!(clean - self.stable <= unwritten, "clean bytes that are nowhere");
        assert!(self.lied_to.is_none_or(|to| to <= clean), "a lie about dirty bytes");
    }
}
