//! The harness's side of a disk: it outlives processes, and it can lose its power.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use broker_core::error::StorageError;
use rand_chacha::ChaCha8Rng;

use super::device::{Disk, DiskConfig, DiskStats};
use super::host::HostDisk;
use super::namespace::Entry;
use super::platter::Platter;

/// The disk of one host as the harness holds it. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct DiskHandle {
    pub(super) disk: Rc<RefCell<Disk>>,
}

/// What a power loss took away and brought back. Paths are sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PowerLoss {
    /// Sum of `lost_files`.
    pub lost_bytes: u64,
    /// Files that lost bytes at their end, or all of them with their names, and how many bytes.
    pub lost_files: Vec<(String, u64)>,
    /// Files and directories that lost their names: created, and the directory they are in not flushed since.
    pub vanished: Vec<String>,
    /// Sum of `returned_files`.
    pub returned_bytes: u64,
    /// Files that got bytes back which were cut or removed, and how many bytes: the truncation, or the directory after
    /// the removal, was not flushed.
    pub returned_files: Vec<(String, u64)>,
}

impl PowerLoss {
    /// Whether the next process finds everything as the last one left it.
    pub fn changed_nothing(&self) -> bool {
        *self == PowerLoss::default()
    }
}

impl DiskHandle {
    /// An empty disk. `rng` decides the latencies.
    pub fn new(config: DiskConfig, rng: ChaCha8Rng) -> DiskHandle {
        DiskHandle { disk: Rc::new(RefCell::new(Disk::new(config, rng))) }
    }

    /// Gives the disk to a process that starts. `platter` must be the one that all its processes had. A process that
    /// had the disk before must be dead: using it from there panics.
    pub fn mount<P: Platter>(&self, mut platter: P) -> Result<HostDisk<P>, StorageError> {
        let mounted = {
            let mut disk = self.disk.borrow_mut();
            disk.collect_garbage(&mut platter)?;
            disk.mounted += 1;
            disk.mounted
        };
        Ok(HostDisk::new(Rc::clone(&self.disk), platter, mounted))
    }

    /// Drops everything that is only in the page cache. The process must be dead, as it is after `Sim::crash`. Killing
    /// a process alone needs no call here.
    pub fn power_loss(&self) -> PowerLoss {
        let mut disk = self.disk.borrow_mut();
        disk.check();
        disk.durable.forget_unreachable();
        let loss = report(&disk);
        disk.volatile = disk.durable.clone();
        let Disk { durable, inodes, garbage, stats, .. } = &mut *disk;
        let kept: BTreeSet<_> = durable.files().map(|(_, number)| number).collect();
        inodes.retain(|number, inode| {
            inode.revert();
            inode.in_volatile = kept.contains(number);
            inode.in_durable = inode.in_volatile;
            if !inode.in_volatile {
                garbage.push(*number);
            }
            inode.in_volatile
        });
        stats.dirty_bytes = 0;
        stats.power_losses += 1;
        disk.forget_queue();
        disk.mounted += 1;
        disk.check();
        loss
    }

    /// What the disk did so far, and what it holds now.
    pub fn stats(&self) -> DiskStats {
        self.disk.borrow().stats
    }

    #[cfg(test)]
    pub(super) fn check(&self) {
        self.disk.borrow().check();
    }
}

/// The difference between what the process saw and what the platter has. Inodes never change their names, so a file is
/// the same before and after if the same inode is.
fn report(disk: &Disk) -> PowerLoss {
    let mut loss = PowerLoss::default();
    for (path, entry) in disk.volatile.all() {
        let survives = disk.durable.get(&path) == Some(entry);
        let path = path.to_string();
        if !survives {
            loss.vanished.push(path.clone());
        }
        let Entry::File(number) = entry else { continue };
        let inode = &disk.inodes[&number];
        let lost = if survives { inode.dirty_bytes() } else { inode.len() };
        if 0 < lost {
            loss.lost_bytes += lost;
            loss.lost_files.push((path.clone(), lost));
        }
        if survives && 0 < inode.cut_bytes() {
            loss.returned_files.push((path, inode.cut_bytes()));
        }
    }
    for (path, number) in disk.durable.files() {
        let inode = &disk.inodes[&number];
        if !inode.in_volatile {
            loss.returned_files.push((path.to_string(), inode.len()));
        }
    }
    loss.returned_bytes = loss.returned_files.iter().map(|(_, bytes)| bytes).sum();
    loss.vanished.sort_unstable();
    loss.lost_files.sort_unstable();
    loss.returned_files.sort_unstable();
    loss
}
