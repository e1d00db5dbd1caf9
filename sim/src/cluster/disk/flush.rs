//! A flush: two moments, and what the platter gets at the second one.
//!
//! Nothing waits here. The driver starts a flush, sleeps until the time it was told, and finishes it. In between the
//! process goes on appending, truncating and removing. The rule for every step is the same: **what was there at the
//! start becomes durable as it is at the finish**. Linux may write back anything at any time, so a later state of the
//! same bytes is always allowed; bytes and names that came after the start are never included, so that nobody comes to
//! rely on them.
//!
//! A step that a fault lets fail leaves what is durable as it was. For a file that is not all: the kernel has tried, and
//! marks the pages clean all the same.

use std::collections::BTreeSet;

use broker_core::error::StorageError;
use broker_core::io::FlushStep;
use broker_core::time::Timestamp;
use bytes::Bytes;

use super::device::Disk;
use super::errors::{EIO, ENOENT, os_error, platter_error};
use super::host::{HostDisk, OpenFile};
use super::inode::InodeNumber;
use super::path::DiskPath;
use super::platter::Platter;
use crate::meter::{self, Part};

/// A flush that was started. If its process dies, it is dropped with it, and nothing becomes durable: what was dirty
/// stays in the page cache.
#[derive(Debug)]
#[must_use = "nothing is durable until the flush is finished"]
pub struct FlushTicket {
    mounted: u64,
    /// When it will be done.
    end: Timestamp,
    steps: Vec<Step>,
}

/// A [`FlushStep`] with what there was to flush when it started.
#[derive(Debug)]
enum Step {
    File { inode: InodeNumber, path: String, len: u64 },
    Directory { directory: String, names: BTreeSet<String> },
    Replace { path: DiskPath, content: Bytes, names: BTreeSet<String> },
    Refused(StorageError),
}

impl<P: Platter> HostDisk<P> {
    /// Begins the steps at `now`. Returns when they will be durable: once the device is free, plus one latency for each
    /// step. The device does one thing at a time.
    ///
    /// `now` is the device's time, which never goes back: simulated time, not what the host's clock shows.
    pub fn start_flush(&mut self, now: Timestamp, steps: &[FlushStep]) -> (FlushTicket, Timestamp) {
        let _disk = meter::enter(Part::Disk);
        let captured = steps.iter().map(|step| self.capture(step).unwrap_or_else(Step::Refused)).collect();
        let end = self.disk_and_platter().0.occupy(now, steps.len());
        (FlushTicket { mounted: self.mounted, end, steps: captured }, end)
    }

    /// Ends a flush, at the time that [`HostDisk::start_flush`] told: its steps reach the platter in order. The first
    /// one that fails ends it; the steps before stay done.
    pub fn finish_flush(&mut self, ticket: FlushTicket) -> Result<(), StorageError> {
        let _disk = meter::enter(Part::Disk);
        assert_eq!(ticket.mounted, self.mounted, "a flush of another process");
        let result = self.carry_out(ticket);
        self.close_removed();
        result
    }

    fn capture(&self, step: &FlushStep) -> Result<Step, StorageError> {
        match step {
            FlushStep::File(file) => {
                let OpenFile { inode, path } = self.open_file("sync", *file)?;
                let len = self.disk().inode("sync", path, *inode)?.len();
                Ok(Step::File { inode: *inode, path: path.clone(), len })
            }
            FlushStep::Directory(directory) => {
                let names =
                    names(&self.disk(), directory).ok_or_else(|| os_error("sync", directory, ENOENT))?;
                Ok(Step::Directory { directory: directory.clone(), names })
            }
            FlushStep::Replace { path, content } => {
                let path = DiskPath::parse("replace", path)?;
                let names = names(&self.disk(), &path.directory).unwrap_or_default();
                Ok(Step::Replace { path, content: content.clone(), names })
            }
        }
    }

    fn carry_out(&mut self, ticket: FlushTicket) -> Result<(), StorageError> {
        let (mut disk, platter) = self.disk_and_platter();
        for step in ticket.steps {
            if let Some(fault) = disk.faults.fails_flush() {
                return Err(fail(&mut disk, fault, ticket.end, step));
            }
            match step {
                Step::File { inode, path, len } => sync_file(&mut disk, platter, inode, &path, len)?,
                Step::Directory { directory, names } => disk.sync_directory(&directory, &names)?,
                Step::Replace { path, content, names } => disk.replace(platter, &path, &content, names)?,
                Step::Refused(error) => return Err(error),
            }
        }
        disk.collect_garbage(platter)?;
        disk.stats.flushes += 1;
        Ok(())
    }
}

/// The device does not do this step.
fn fail(disk: &mut Disk, fault: u32, at: Timestamp, step: Step) -> StorageError {
    let (operation, path, phantom_bytes) = match step {
        Step::Refused(error) => return error,
        Step::File { inode, path, len } => {
            // A file that was removed meanwhile has nothing left to lose.
            let marked = disk.change_inode("sync", &path, inode, |file| file.fail_sync(len));
            ("sync", path, marked.unwrap_or(0))
        }
        Step::Directory { directory, .. } => ("sync", directory, 0),
        Step::Replace { path, .. } => ("replace", path.to_string(), 0),
    };
    disk.faults.count_failed(fault, phantom_bytes);
    disk.stats.failed_flushes += 1;
    disk.stats.hurt_since.get_or_insert(at);
    os_error(operation, &path, EIO)
}

fn sync_file(
    disk: &mut Disk,
    platter: &mut impl Platter,
    inode: InodeNumber,
    path: &str,
    len: u64,
) -> Result<(), StorageError> {
    if disk.inode("sync", path, inode).is_err() {
        // Removed since the start. An fsync of a file without a name succeeds and saves nothing anyone can find.
        return Ok(());
    }
    let written = disk
        .change_inode("sync", path, inode, |file| file.sync(platter, inode, len))?
        .map_err(|error| platter_error("sync", path, &error))?;
    disk.stats.flushed_bytes += written;
    Ok(())
}

fn names(disk: &Disk, directory: &str) -> Option<BTreeSet<String>> {
    Some(disk.volatile.entries(directory)?.keys().cloned().collect())
}
