//! What can be wrong with a disk, as a scenario asks for it, and what came of it.

use std::time::Duration;

use super::inode::Inode;
use super::pattern::FilePattern;

/// A shortest and a longest time, both inclusive, in whole microseconds.
pub type Latency = (Duration, Duration);

/// What is wrong with a disk.
#[derive(Clone, Debug, PartialEq)]
pub enum DiskFault {
    /// Operations take a time of these ranges where that is longer than what the disk itself, or another fault, would
    /// take.
    Slow {
        /// Each step of a flush.
        flush: Option<Latency>,
        /// Each read of what is not in the page cache.
        read: Option<Latency>,
        /// Each append.
        append: Option<Latency>,
    },
    /// The device does nothing: flushes and reads that need it come to no end before this does. Appends go on.
    Stall,
    /// A flush step fails with EIO with this probability; 1 is each. The pages of the file are marked clean.
    FsyncError {
        /// In `0.0..=1.0`.
        probability: f64,
    },
    /// A flush step does nothing with this probability and says that it did: the bytes are in a volatile cache of the
    /// device, until a flush that does not lie, or until the power is lost.
    FsyncLie {
        /// In `0.0..=1.0`.
        probability: f64,
    },
    /// A read fails with EIO with this probability, also of what is in memory: the kernel may have given it up.
    ReadError {
        /// In `0.0..=1.0`.
        probability: f64,
        /// Of these files.
        files: FilePattern,
    },
    /// An append, or a replacement, fails with EIO with this probability, and nothing of it is there.
    WriteError {
        /// In `0.0..=1.0`.
        probability: f64,
        /// To these files.
        files: FilePattern,
    },
    /// There is room for so many bytes more than when it began, and no more: what does not fit is refused with ENOSPC,
    /// and of an append a part may fit. Bytes that are cut or removed make room.
    Full {
        /// Bytes left.
        free: u64,
    },
}

/// Bits that turn over, at rest: whoever reads the bytes from then on reads other bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct BitRot {
    /// In one of these files, drawn from those that have a byte to rot.
    pub files: FilePattern,
    /// Where in the file.
    pub place: RotPlace,
    /// How many bits, each in a byte of its own where there are as many.
    pub bits: u32,
}

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotPlace {
    /// Anywhere in it.
    Anywhere,
    /// In its first half.
    Head,
    /// In its second half.
    Tail,
    /// In the batch that holds the record of this offset.
    Record(i64),
}

impl RotPlace {
    /// Bytes of a file that lie there and are at rest.
    pub(super) fn ranges(self, inode: &Inode) -> Vec<(u64, u64)> {
        let len = inode.len();
        let (from, to) = match self {
            RotPlace::Anywhere => (0, len),
            RotPlace::Head => (0, len / 2),
            RotPlace::Tail => (len / 2, len),
            RotPlace::Record(offset) => inode.marks.batch_of(offset, len).unwrap_or((0, 0)),
        };
        inode.at_rest(from, to)
    }
}

/// What becomes of bytes and names that were not flushed when the power is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsynced {
    /// Nothing of them was on its way: all of them are lost.
    #[default]
    Lost,
    /// They were on their way in order: of each file the sectors up to some point survive.
    Torn,
    /// They were on their way in any order: any sectors survive, and what lies between them was never written.
    Reordered,
}

/// What one fault did to one disk so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskEffect {
    /// Flush steps, reads and appends that took longer.
    pub operations_slowed: u64,
    /// How much longer, all together, in microseconds.
    pub added_us: u64,
    /// Flushes and reads that had to wait for the end of a stall.
    pub operations_stalled: u64,
    /// Flushes that failed.
    pub flushes_failed: u64,
    /// Bytes that such flushes marked clean and did not write.
    pub phantom_bytes: u64,
    /// Flush steps that were said to be done and were not.
    pub flushes_lied: u64,
    /// Bytes that such flushes did not write.
    pub lied_bytes: u64,
    /// Reads that failed with EIO.
    pub reads_failed: u64,
    /// Appends and replacements that failed with EIO.
    pub writes_failed: u64,
    /// Appends and replacements for which there was no room.
    pub writes_refused: u64,
    /// Bytes that had no room.
    pub refused_bytes: u64,
}

impl DiskEffect {
    /// Whether the disk did the same as it would have done without the fault.
    pub fn is_nothing(&self) -> bool {
        *self == DiskEffect::default()
    }

    /// The numbers by name.
    pub fn numbers(&self) -> [(&'static str, u64); 11] {
        [
            ("operations_slowed", self.operations_slowed),
            ("added_us", self.added_us),
            ("operations_stalled", self.operations_stalled),
            ("flushes_failed", self.flushes_failed),
            ("phantom_bytes", self.phantom_bytes),
            ("flushes_lied", self.flushes_lied),
            ("lied_bytes", self.lied_bytes),
            ("reads_failed", self.reads_failed),
            ("writes_failed", self.writes_failed),
            ("writes_refused", self.writes_refused),
            ("refused_bytes", self.refused_bytes),
        ]
    }
}

/// What bit rot did to one disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotten {
    /// In which file, if there was one with a byte to rot.
    pub file: Option<String>,
    /// Bits that turned over.
    pub bits: u64,
}
