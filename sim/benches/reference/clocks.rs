//! Clocks: of the machine and of this thread. And what to make of several readings.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// CPU time of this thread so far.
pub fn cpu_now() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// CPU time that this takes on this thread.
pub fn cpu_time<T>(of: impl FnOnce() -> T) -> (T, Duration) {
    let before = cpu_now();
    let result = of();
    (result, cpu_now() - before)
}

/// Time that goes by meanwhile.
#[expect(clippy::disallowed_methods, reason = "how long it takes is what a benchmark asks")]
pub fn wall_time<T>(of: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let result = of();
    (result, begun.elapsed())
}

/// The middle of several values, and the least and the greatest.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Median {
    pub median: f64,
    pub least: f64,
    pub greatest: f64,
}

impl Median {
    /// Of at least one value.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Median {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Median { median, least: values[0], greatest: values[values.len() - 1] }
    }
}
