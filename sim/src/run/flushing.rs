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
        durable_after_us: Quantiles::of(history.durable_after_us.clone()),
        dirty: DirtyBytes { every_us, most: most.to_vec() },
        power_losses: power_losses.collect(),
    }
}
