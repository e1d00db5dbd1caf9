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

/// What is wrong with a disk.
#[derive(Clone, Debug, PartialEq)]
pub enum DiskFault {
    /// A flush step takes a time of this range, both ends inclusive, in whole microseconds, where that is longer than
    /// what the disk itself, or another fault, would take.
    Slow {
        /// Shortest and longest.
        latency: (Duration, Duration),
    },
    /// A flush step fails with EIO with this probability; 1 is each. The pages of the file are marked clean.
    FsyncError {
        /// In `0.0..=1.0`.
        probability: f64,
    },
}

/// What one fault did to one disk so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskEffect {
    /// Flush steps that took longer.
    pub steps_slowed: u64,
    /// How much longer, all together, in microseconds.
    pub added_us: u64,
    /// Flushes that failed.
    pub flushes_failed: u64,
    /// Bytes that such flushes marked clean and did not write.
    pub phantom_bytes: u64,
}

impl DiskEffect {
    /// Whether the disk did the same as it would have done without the fault.
    pub fn is_nothing(&self) -> bool {
        *self == DiskEffect::default()
    }
}

/// Invariants:
/// * a number in `active` is in `effects`; what a fault did is remembered when it has ended.
#[derive(Debug, Default)]
pub(super) struct Faults {
    active: BTreeMap<u32, (DiskFault, ChaCha8Rng)>,
    effects: BTreeMap<u32, DiskEffect>,
}

impl Faults {
    pub(super) fn begin(&mut self, fault: u32, what: DiskFault, rng: ChaCha8Rng) {
        match &what {
            DiskFault::Slow { latency: (low, high) } => assert!(low <= high, "latency range is empty"),
            DiskFault::FsyncError { probability } => {
                assert!((0.0..=1.0).contains(probability), "{probability} is no probability");
            }
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

    /// How long a flush step takes that takes the disk `own` microseconds. The slowest wins, and it is the one that did
    /// it.
    pub(super) fn latency(&mut self, own: u64) -> u64 {
        let mut slowest = (own, None);
        for (number, (fault, rng)) in &mut self.active {
            if let DiskFault::Slow { latency: (low, high) } = fault {
                let micros = |duration: &Duration| Timestamp::from_duration(*duration).0;
                let drawn = rng.random_range(micros(low)..=micros(high));
                if slowest.0 < drawn {
                    slowest = (drawn, Some(*number));
                }
            }
        }
        if let (latency, Some(fault)) = slowest {
            let effect = self.count(fault);
            effect.steps_slowed += 1;
            effect.added_us += latency - own;
        }
        slowest.0
    }

    /// The fault that makes this flush step fail, if any: of several the first.
    pub(super) fn fails_flush(&mut self) -> Option<u32> {
        let mut first = None;
        for (number, (fault, rng)) in &mut self.active {
            if let DiskFault::FsyncError { probability } = fault
                && rng.random_bool(*probability)
            {
                first = first.or(Some(*number));
            }
        }
        first
    }

    /// A flush failed because of `fault`, which cost this many bytes.
    pub(super) fn count_failed(&mut self, fault: u32, phantom_bytes: u64) {
        let effect = self.count(fault);
        effect.flushes_failed += 1;
        effect.phantom_bytes += phantom_bytes;
    }
}
