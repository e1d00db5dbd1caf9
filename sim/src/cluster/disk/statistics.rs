//! What flushing came to on one disk: how much was at risk, for how long, and what the power took.

use std::collections::BTreeSet;

use broker_core::time::Timestamp;

/// What a disk remembers of its past, for reports.
#[derive(Clone, Debug, Default)]
pub struct DiskHistory {
    /// How long each append took to become durable, in microseconds.
    pub durable_after_us: Vec<u64>,
    /// Bytes that only the page cache had, over time.
    pub unsaved: Series,
    /// Files in which bits turned over.
    pub rotten: BTreeSet<String>,
    /// What each power loss took, and when.
    pub power_losses: Vec<(Timestamp, PowerLossCounts)>,
}

/// What one power loss took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PowerLossCounts {
    /// Bytes that a process would have read before and cannot read now.
    pub bytes: u64,
    /// Records of logs of which bytes are gone.
    pub records: u64,
    /// Bytes that nobody had made durable and that are there all the same.
    pub survived_bytes: u64,
    /// Files and directories that lost their names.
    pub vanished: u64,
    /// Bytes that had been cut or removed and are back.
    pub returned_bytes: u64,
}

/// The most of something in each of many intervals of equal length, which double when there are too many.
///
/// Invariants:
/// * at most [`Series::INTERVALS_MAX`] intervals; the last one is the one that the last value was noted in.
#[derive(Clone, Debug)]
pub struct Series {
    every_us: u64,
    most: Vec<u64>,
    last: u64,
}

impl Default for Series {
    fn default() -> Series {
        Series { every_us: 50_000, most: Vec::new(), last: 0 }
    }
}

impl Series {
    /// More of them nobody looks at.
    pub const INTERVALS_MAX: usize = 256;

    /// It is `value` from `now` on.
    pub fn note(&mut self, now: Timestamp, value: u64) {
        self.reach(now);
        self.last = value;
        let current = self.most.last_mut().expect("the interval of `now` is there");
        *current = value.max(*current);
    }

    /// It is what it was until `now`.
    pub fn reach(&mut self, now: Timestamp) {
        let mut index = self.index(now);
        while Series::INTERVALS_MAX <= index {
            self.every_us *= 2;
            self.most = self.most.chunks(2).map(|pair| pair.iter().copied().max().unwrap_or(0)).collect();
            index = self.index(now);
        }
        while self.most.len() <= index {
            self.most.push(self.last);
        }
    }

    fn index(&self, now: Timestamp) -> usize {
        usize::try_from(now.0 / self.every_us).unwrap_or(usize::MAX)
    }

    /// Length of an interval in microseconds, and the most in each.
    pub fn intervals(&self) -> (u64, &[u64]) {
        (self.every_us, &self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_the_most_there_was_in_it() {
        let mut series = Series::default();
        series.note(Timestamp(10), 5);
        series.note(Timestamp(20), 2);
        series.note(Timestamp(120_000), 4);
        series.reach(Timestamp(160_000));
        assert_eq!(series.intervals(), (50_000, &[5, 2, 4, 4][..]));
    }

    #[test]
    fn intervals_double_instead_of_growing_in_number() {
        let mut series = Series::default();
        for tick in 0..1_000 {
            series.note(Timestamp(tick * 50_000), tick);
        }
        let (every_us, most) = series.intervals();
        assert_eq!((every_us, most.len()), (200_000, 250));
        assert!(most.iter().zip(0_u64..).all(|(most, index)| *most == index * 4 + 3), "{most:?}");
    }
}
