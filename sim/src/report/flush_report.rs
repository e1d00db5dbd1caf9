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
