//! Time as a value. Nothing in this crate can ask what time it is.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time as one host sees it: microseconds since the start of the simulation (or since any other fixed
/// point). Hosts' clocks may differ, so timestamps of two hosts are never compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The fixed point itself.
    pub const ZERO: Timestamp = Timestamp(0);

    /// `duration` after the fixed point.
    pub fn from_duration(duration: Duration) -> Timestamp {
        Timestamp(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }

    /// Whole milliseconds since the fixed point, as record batches carry them.
    pub fn as_millis(self) -> i64 {
        i64::try_from(self.0 / 1000).unwrap_or(i64::MAX)
    }

    /// Time since `earlier`, zero if `earlier` is later (a clock may have jumped back).
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(Timestamp::from_duration(duration).0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// The earlier of two optional deadlines.
pub fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
