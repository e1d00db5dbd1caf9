//! The disk as its users see it: stories of what is lost and what is not, the same in turmoil, and random sequences
//! against a model.

mod faults;
mod model;
mod rewind;
mod stories;
mod turmoil;

use std::time::Duration;

use broker_core::error::StorageError;
use broker_core::io::{FlushStep, Storage};
use broker_core::time::Timestamp;

use super::{DiskConfig, DiskHandle, HostDisk, MemPlatter, Platter, PowerLoss, Unsynced};
use crate::seed::Seed;

/// A disk whose flush steps take between these times.
fn disk(low_ms: u64, high_ms: u64) -> DiskHandle {
    let fsync_latency = (Duration::from_millis(low_ms), Duration::from_millis(high_ms));
    DiskHandle::new(DiskConfig::with_fsync_latency(fsync_latency), Seed(1).stream("disk.fsync", 0))
}

/// Starts a flush and ends it at once.
fn flush<P: Platter>(host: &mut HostDisk<P>, steps: &[FlushStep]) -> Result<(), StorageError> {
    let (ticket, _) = host.start_flush(Timestamp::ZERO, steps);
    host.finish_flush(ticket)
}

fn directory(name: &str) -> FlushStep {
    FlushStep::Directory(name.to_owned())
}

fn replace(path: &str, content: &'static [u8]) -> FlushStep {
    FlushStep::Replace { path: path.to_owned(), content: content.into() }
}

/// A disk, a process that has it, and `a` in the root: `content`, durable, open.
fn with_durable_file(
    content: &[u8],
) -> (DiskHandle, MemPlatter, HostDisk<MemPlatter>, broker_core::io::FileId) {
    let (disk, platter) = (disk(0, 0), MemPlatter::default());
    let mut host = disk.mount(platter.clone()).unwrap();
    let file = host.open("a").unwrap();
    host.append(file, content).unwrap();
    flush(&mut host, &[FlushStep::File(file), directory("")]).unwrap();
    (disk, platter, host, file)
}

/// What a process finds that starts now.
fn content_after(disk: &DiskHandle, platter: &MemPlatter, path: &str) -> Option<Vec<u8>> {
    let host = disk.mount(platter.clone()).unwrap();
    host.read_file(path).unwrap().map(|bytes| bytes.to_vec())
}

/// The power is lost, and with it everything that was not flushed.
fn lose_power(disk: &DiskHandle) -> PowerLoss {
    disk.power_loss(Timestamp::ZERO, Unsynced::Lost, Seed(1).stream("power_loss", 0))
}
