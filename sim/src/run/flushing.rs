//! What `run.json` says of flushing, from what a disk remembers.

use crate::cluster::disk::DiskHistory;
use crate::report::{DirtyBytes, FlushReport, PowerLossReport, Quantiles};

/// Of one disk.
pub(super) fn report(history: &DiskHistory) -> FlushReport {
    let (every_us, most) = history.unsaved.intervals();
    let power_losses = history.power_losses.iter().map(|(time, counts)| PowerLossReport {
        time_us: time.0,
        bytes: counts.bytes,
        records: counts.records,
        survived_bytes: counts.survived_bytes,
        vanished: counts.vanished,
        returned_bytes: counts.returned_bytes,
    });
    FlushReport {
        durable_after_us: quantiles(history.durable_after_us.clone()),
        dirty: DirtyBytes { every_us, most: most.to_vec() },
        power_losses: power_losses.collect(),
    }
}

/// Exact, by nearest rank.
fn quantiles(mut values: Vec<u64>) -> Quantiles {
    values.sort_unstable();
    let of_hundred = |percent: usize| {
        let rank = (values.len() * percent).div_ceil(100);
        values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    };
    Quantiles { count: values.len() as u64, p50: of_hundred(50), p99: of_hundred(99), max: of_hundred(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_there() {
        assert_eq!(quantiles(Vec::new()), Quantiles::default());
        assert_eq!(quantiles(vec![7]), Quantiles { count: 1, p50: 7, p99: 7, max: 7 });
        let hundred_and_one = quantiles((1..=101).rev().collect());
        assert_eq!(hundred_and_one, Quantiles { count: 101, p50: 51, p99: 100, max: 101 });
    }
}
