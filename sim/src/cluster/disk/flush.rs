//! A flush: two moments, and what the platter gets at the second one.
//!
//! Nothing waits here. The driver starts a flush, sleeps until the time it was told, and finishes it. In between the
//! process goes on appending, truncating and removing. The rule for every step is the same: **what was there at the
//! start becomes durable as it is at the finish**. Linux may write back anything at any time, so a later state of the
//! same bytes is always allowed; bytes and names that came after the start are never included, so that nobody comes to
//! rely on them.
//!
//! A step that a fault lets fail leaves what is durable as it was. For a file that is not all: the kernel has tried, and
//! marks the pages clean all the same. A step that a fault lets lie does the same, and is told as done.

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

use broker_core::error::StorageError;
use broker_core::io::FlushStep;
use broker_core::time::Timestamp;
use bytes::Bytes;
use tokio::sync::Notify;

use super::device::Disk;
use super::errors::{EIO, ENOENT, ENOTDIR, os_error, platter_error};
use super::host::{HostDisk, OpenFile};
use super::inode::{Inode, InodeNumber};
use super::path::DiskPath;
use super::platter::Platter;
use super::queue::OperationId;
use crate::meter::{self, Part};

/// A flush that was started. If its process dies, it is dropped with it, and nothing becomes durable: what was dirty
/// stays in the page cache.
#[derive(Debug)]
#[must_use = "nothing is durable until the flush is finished"]
pub struct FlushTicket {
    mounted: u64,
    operation: OperationId,
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

impl FlushTicket {
    /// What the device was asked for.
    pub fn operation(&self) -> OperationId {
        self.operation
    }
}

impl<P: Platter> HostDisk<P> {
    /// Begins the steps at `now`. Returns when they will be durable, unless the device is or will be stalled: once it is
    /// free, plus one latency for each step. The device does one thing at a time.
    ///
    /// `now` is the device's time, which never goes back: simulated time, not what the host's clock shows.
    pub fn start_flush(&mut self, now: Timestamp, steps: &[FlushStep]) -> (FlushTicket, Timestamp) {
        let _disk = meter::enter(Part::Disk);
        let captured: Vec<Step> =
            steps.iter().map(|step| self.capture(step).unwrap_or_else(Step::Refused)).collect();
        let (mut disk, _) = self.disk_and_platter();
        let operation = disk.occupy(now, steps.len());
        let end = disk.queue.expected(operation);
        // One that comes later has not begun before those in front of it are done.
        if let Some(Step::Replace { path, content, .. }) = captured.first() {
            disk.replacing.insert(operation, (path.clone(), content.clone()));
        }
        drop(disk);
        (FlushTicket { mounted: self.mounted, operation, steps: captured }, end)
    }

    /// When an operation will be done, as far as can be told now; `None` while the device is stalled.
    pub fn due(&self, operation: OperationId) -> Option<Timestamp> {
        self.disk().queue.due(operation)
    }

    /// Tells when a stall ends.
    pub fn stirred(&self) -> Rc<Notify> {
        self.disk().queue.stirred()
    }

    /// Ends a flush, once it is due: its steps reach the platter in order. The first one that fails ends it; the steps
    /// before stay done.
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
                let names = names(&self.disk(), directory).ok_or_else(|| {
                    let is_file = self.disk().volatile.is_file(directory);
                    os_error("sync", directory, if is_file { ENOTDIR } else { ENOENT })
                })?;
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
        disk.queue.remove(ticket.operation);
        disk.replacing.remove(&ticket.operation);
        for step in ticket.steps {
            step.carry_out(&mut disk, platter)?;
        }
        disk.collect_garbage(platter)?;
        disk.stats.flushes += 1;
        Ok(())
    }
}

impl Step {
    fn carry_out(self, disk: &mut Disk, platter: &mut impl Platter) -> Result<(), StorageError> {
        // Both draw, whatever comes of it.
        let (fails, lies) = (disk.faults.fails_flush(), disk.faults.lies());
        if let Step::Refused(error) = self {
            return Err(error);
        }
        if let Some(fault) = fails {
            return Err(self.fail(disk, platter, fault));
        }
        if let Some(fault) = lies {
            return self.lie(disk, fault);
        }
        let truth = disk.tell_the_truth(platter);
        disk.stats.flushed_bytes += truth.map_err(|error| platter_error("sync", "the device", &error))?;
        match self {
            Step::File { inode, path, len } => sync_file(disk, platter, inode, &path, len),
            Step::Directory { directory, names } => disk.sync_directory(&directory, &names),
            Step::Replace { path, content, mut names } => {
                disk.may_write(&path.to_string(), "replace")?;
                disk.replace_volatile(platter, &path, &content)?;
                names.insert(path.name.clone());
                disk.sync_directory(&path.directory, &names)
            }
            Step::Refused(error) => Err(error),
        }
    }

    /// The device does not do this step.
    fn fail(self, disk: &mut Disk, platter: &mut impl Platter, fault: u32) -> StorageError {
        let (operation, path, phantom_bytes) = match self {
            Step::Refused(error) => return error,
            Step::File { inode, path, len } => {
                // A file that was removed meanwhile has nothing left to lose.
                let marked = disk.change_inode("sync", &path, inode, |file| {
                    file.owes_error = false;
                    file.fail_sync(len)
                });
                ("sync", path, marked.unwrap_or(0))
            }
            Step::Directory { directory, .. } => ("sync", directory, 0),
            Step::Replace { path, content, .. } => {
                // It may be the directory that could not be flushed: then the process sees the new content, and the next
                // one after a power loss the old.
                if disk.faults.fails_late(fault)
                    && let Err(error) = disk.replace_volatile(platter, &path, &content)
                {
                    return error;
                }
                ("replace", path.to_string(), 0)
            }
        };
        disk.faults.count_failed(fault, phantom_bytes);
        disk.stats.failed_flushes += 1;
        disk.hurt();
        os_error(operation, &path, EIO)
    }

    /// The device says that it did this step.
    fn lie(self, disk: &mut Disk, fault: u32) -> Result<(), StorageError> {
        let lied = match self {
            Step::Refused(error) => return Err(error),
            Step::File { inode, path, len } => {
                let lied = disk.change_inode("sync", &path, inode, |file| {
                    (file.lie_sync(len), std::mem::take(&mut file.owes_error))
                });
                match lied {
                    // The kernel remembers it, whatever the device says.
                    Ok((_, true)) => {
                        disk.lies.about_file(inode);
                        return Err(os_error("sync", &path, EIO));
                    }
                    Ok((lied, false)) => {
                        disk.lies.about_file(inode);
                        lied
                    }
                    Err(_) => 0,
                }
            }
            Step::Directory { directory, names } => {
                disk.lies.about_directory(directory, names);
                0
            }
            Step::Replace { path, content, mut names } => {
                disk.may_write(&path.to_string(), "replace")?;
                disk.may_replace(&path, &content)?;
                let number = disk.add_inode(Inode::clean(0, path.is_segment()));
                disk.point_volatile(&path, Some(number));
                let now = disk.now;
                let lied = disk.with_inode(number, |inode| {
                    inode.append(now, &content);
                    inode.lie_sync(content.len() as u64)
                });
                names.insert(path.name.clone());
                disk.lies.about_file(number);
                disk.lies.about_directory(path.directory, names);
                lied
            }
        };
        disk.faults.count_lied(fault, lied);
        disk.hurt();
        Ok(())
    }
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
    let synced = |file: &mut Inode| -> io::Result<(u64, bool)> {
        Ok((file.sync(platter, inode, len)?, std::mem::take(&mut file.owes_error)))
    };
    let (written, owes_error) = disk
        .change_inode("sync", path, inode, synced)?
        .map_err(|error| platter_error("sync", path, &error))?;
    disk.stats.flushed_bytes += written;
    disk.settle_marks(inode);
    if owes_error {
        disk.stats.failed_flushes += 1;
        return Err(os_error("sync", path, EIO));
    }
    Ok(())
}

fn names(disk: &Disk, directory: &str) -> Option<BTreeSet<String>> {
    Some(disk.volatile.entries(directory)?.keys().cloned().collect())
}
