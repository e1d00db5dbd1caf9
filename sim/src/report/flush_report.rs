//! What flushing came to on one disk, for `run.json`.

use serde::{Deserialize, Serialize};

/// What was at risk on one disk, for how long, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlushReport {
    /// From the append of bytes to the moment they were durable, each append counting once. What was cut or died before
    /// is not in it.
    pub durable_after_us: Quantiles,
    /// Bytes that only the page cache had, over time.
    pub dirty: DirtyBytes,
    /// What died with each power loss, earliest first.
    pub power_losses: Vec<PowerLossReport>,
}

/// Quantiles of durations in simulated microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many there were. Without any, the others are 0.
    pub count: u64,
    /// Half of them were at most this long.
    pub p50: u64,
    /// 99 of 100 were at most this long.
    pub p99: u64,
    /// None was longer.
    pub max: u64,
}

/// Dirty bytes over time, in intervals of equal length from the beginning of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirtyBytes {
    /// Length of an interval, in simulated microseconds.
    pub every_us: u64,
    /// The most there were at any moment of each interval.
    pub most: Vec<u64>,
}

/// What died with one power loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerLossReport {
    /// When.
    pub time_us: u64,
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

impl Quantiles {
    /// Of these values. Exact: by nearest rank, each quantile is one of them.
    pub fn of(mut values: Vec<u64>) -> Quantiles {
        values.sort_unstable();
        let of_hundred = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100);
            values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
        };
        Quantiles {
            count: values.len() as u64,
            p50: of_hundred(50),
            p99: of_hundred(99),
            max: of_hundred(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_there() {
        assert_eq!(Quantiles::of(Vec::new()), Quantiles::default());
        assert_eq!(Quantiles::of(vec![7]), Quantiles { count: 1, p50: 7, p99: 7, max: 7 });
        assert_eq!(Quantiles::of(vec![9, 7]), Quantiles { count: 2, p50: 7, p99: 9, max: 9 });
        let hundred_and_one = Quantiles::of((1..=101).rev().collect());
        assert_eq!(hundred_and_one, Quantiles { count: 101, p50: 51, p99: 100, max: 101 });
    }
}
