//! The faults that one disk suffers from now, by number: they add up, and each ends for itself.
//!
//! The disk asks here at the moments when a fault can act, and what it did is counted for the fault that did it. Each
//! fault draws from a generator of its own at every such moment, whatever the others do: taking one away changes
//! nothing that another one draws.

use std::collections::BTreeMap;
use std::time::Duration;

use broker_core::time::Timestamp;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

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
    /// A read fails with EIO with this probability.
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

/// Invariants:
/// * a number in `active` is in `effects`; what a fault did is remembered when it has ended.
#[derive(Debug, Default)]
pub(super) struct Faults {
    active: BTreeMap<u32, (DiskFault, ChaCha8Rng)>,
    effects: BTreeMap<u32, DiskEffect>,
    /// How many bytes the disk may hold, by the fault that says so.
    capacities: BTreeMap<u32, u64>,
}

/// What the device is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperationKind {
    /// A step of a flush.
    Flush,
    /// A read of what is not in memory.
    Read,
    /// An append.
    Append,
}

impl Faults {
    /// `used` are the bytes that the disk holds now.
    pub(super) fn begin(&mut self, fault: u32, what: DiskFault, used: u64, rng: ChaCha8Rng) {
        check(&what);
        if let DiskFault::Full { free } = what {
            self.capacities.insert(fault, used + free);
        }
        let former = self.active.insert(fault, (what, rng));
        assert!(former.is_none(), "fault {fault} is active already");
        self.effects.entry(fault).or_default();
    }

    pub(super) fn end(&mut self, fault: u32) {
        self.active.remove(&fault);
    }

    pub(super) fn end_all(&mut self) {
        self.active.clear();
    }

    pub(super) fn effect(&self, fault: u32) -> DiskEffect {
        self.effects.get(&fault).copied().unwrap_or_default()
    }

    fn count(&mut self, fault: u32) -> &mut DiskEffect {
        self.effects.get_mut(&fault).expect("who acts is active")
    }

    /// How long an operation takes that takes the disk `own` microseconds. The slowest wins, and it is the one that did
    /// it.
    pub(super) fn latency(&mut self, kind: OperationKind, own: u64) -> u64 {
        let mut slowest = (own, None);
        for (number, (fault, rng)) in &mut self.active {
            if let DiskFault::Slow { flush, read, append } = fault {
                let range = match kind {
                    OperationKind::Flush => flush,
                    OperationKind::Read => read,
                    OperationKind::Append => append,
                };
                let micros = |duration: &Duration| Timestamp::from_duration(*duration).0;
                let Some((low, high)) = range else { continue };
                let drawn = rng.random_range(micros(low)..=micros(high));
                if slowest.0 < drawn {
                    slowest = (drawn, Some(*number));
                }
            }
        }
        if let (latency, Some(fault)) = slowest {
            let effect = self.count(fault);
            effect.operations_slowed += 1;
            effect.added_us += latency - own;
        }
        slowest.0
    }

    /// Whether nothing is wrong: then there is nothing to ask.
    pub(super) fn are_none(&self) -> bool {
        self.active.is_empty()
    }

    /// The first fault that acts now, of those whose probability `of` knows. Each of these draws.
    fn strikes(&mut self, of: impl Fn(&DiskFault) -> Option<f64>) -> Option<u32> {
        let mut first = None;
        for (number, (fault, rng)) in &mut self.active {
            if let Some(probability) = of(fault)
                && rng.random_bool(probability)
            {
                first = first.or(Some(*number));
            }
        }
        first
    }

    /// The fault that makes this flush step fail, if any.
    pub(super) fn fails_flush(&mut self) -> Option<u32> {
        self.strikes(|fault| match fault {
            DiskFault::FsyncError { probability } => Some(*probability),
            _ => None,
        })
    }

    /// Whether a replacement that fails does so after the file was renamed.
    pub(super) fn fails_late(&mut self, fault: u32) -> bool {
        let (_, rng) = self.active.get_mut(&fault).expect("who acts is active");
        rng.random_bool(0.5)
    }

    /// The fault that makes this flush step lie, if any.
    pub(super) fn lies(&mut self) -> Option<u32> {
        self.strikes(|fault| match fault {
            DiskFault::FsyncLie { probability } => Some(*probability),
            _ => None,
        })
    }

    /// Whether this read fails.
    pub(super) fn fails_read(&mut self, path: &str) -> bool {
        let by = self.strikes(|fault| match fault {
            DiskFault::ReadError { probability, files } if files.matches(path) => Some(*probability),
            _ => None,
        });
        by.is_some_and(|fault| {
            self.count(fault).reads_failed += 1;
            true
        })
    }

    /// Whether this append or replacement fails.
    pub(super) fn fails_write(&mut self, path: &str) -> bool {
        let by = self.strikes(|fault| match fault {
            DiskFault::WriteError { probability, files } if files.matches(path) => Some(*probability),
            _ => None,
        });
        by.is_some_and(|fault| {
            self.count(fault).writes_failed += 1;
            true
        })
    }

    /// Of `wanted` bytes beside `used` ones, how many have room.
    pub(super) fn room(&mut self, used: u64, wanted: u64) -> u64 {
        let capacities =
            self.active.keys().filter_map(|number| Some((*self.capacities.get(number)?, *number)));
        let Some((least, fault)) = capacities.min() else { return wanted };
        let room = wanted.min(least.saturating_sub(used));
        if room < wanted {
            let effect = self.count(fault);
            effect.writes_refused += 1;
            effect.refused_bytes += wanted - room;
        }
        room
    }

    /// Whether the device does nothing now.
    pub(super) fn stall(&self) -> bool {
        self.active.values().any(|(fault, _)| *fault == DiskFault::Stall)
    }

    /// So many operations have to wait for this stall.
    pub(super) fn count_stalled_by(&mut self, fault: u32, operations: u64) {
        self.count(fault).operations_stalled += operations;
    }

    /// So many operations have to wait.
    pub(super) fn count_stalled(&mut self, operations: u64) {
        let stalls = self.active.iter().filter(|(_, (fault, _))| *fault == DiskFault::Stall);
        let stalls: Vec<u32> = stalls.map(|(number, _)| *number).collect();
        stalls.into_iter().for_each(|fault| self.count(fault).operations_stalled += operations);
    }

    /// A flush failed because of `fault`, which cost this many bytes.
    pub(super) fn count_failed(&mut self, fault: u32, phantom_bytes: u64) {
        let effect = self.count(fault);
        effect.flushes_failed += 1;
        effect.phantom_bytes += phantom_bytes;
    }

    /// A flush lied because of `fault`, about this many bytes.
    pub(super) fn count_lied(&mut self, fault: u32, lied_bytes: u64) {
        let effect = self.count(fault);
        effect.flushes_lied += 1;
        effect.lied_bytes += lied_bytes;
    }
}

fn check(what: &DiskFault) {
    match what {
        DiskFault::Slow { flush, read, append } => {
            for (low, high) in [flush, read, append].into_iter().flatten() {
                assert!(low <= high, "latency range is empty");
            }
        }
        DiskFault::FsyncError { probability }
        | DiskFault::FsyncLie { probability }
        | DiskFault::ReadError { probability, .. }
        | DiskFault::WriteError { probability, .. } => {
            assert!((0.0..=1.0).contains(probability), "{probability} is no probability");
        }
        DiskFault::Stall | DiskFault::Full { .. } => {}
    }
}
