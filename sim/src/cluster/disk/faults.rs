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

use super::fault::{DiskEffect, DiskFault};

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

    /// Whether a flush may fail or lie now.
    pub(super) fn disturb_flushes(&self) -> bool {
        let disturbs =
            |fault: &DiskFault| matches!(fault, DiskFault::FsyncError { .. } | DiskFault::FsyncLie { .. });
        self.active.values().any(|(fault, _)| disturbs(fault))
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
