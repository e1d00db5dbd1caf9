//! The harness's side of a disk: it outlives processes, and it can have faults, lose its power, or be wiped.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use broker_core::batch::RecordBatch;
use broker_core::error::StorageError;
use broker_core::time::Timestamp;
use bytes::Bytes;
use rand_chacha::ChaCha8Rng;

use super::device::{Disk, DiskConfig, DiskStats};
use super::faults::{BitRot, DiskEffect, DiskFault, Rotten, Unsynced};
use super::host::HostDisk;
use super::namespace::{Entry, Namespace};
use super::path::DiskPath;
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
    /// Files that lost bytes, at their end or where a flush had failed, or all of them with their names; how many bytes.
    pub lost_files: Vec<(String, u64)>,
    /// The part of `lost_files` that was segments of logs, by directory.
    pub lost_logs: BTreeMap<String, LostLog>,
    /// Files and directories that lost their names: created, and the directory they are in not flushed since.
    pub vanished: Vec<String>,
    /// Sum of `returned_files`.
    pub returned_bytes: u64,
    /// Files that got bytes back which were cut or removed, and how many bytes: the truncation, or the directory after
    /// the removal, was not flushed.
    pub returned_files: Vec<(String, u64)>,
}

/// What one log lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LostLog {
    /// Bytes of segments.
    pub bytes: u64,
    /// Records in them, as far as they were only in the page cache: what the platter has of a file that lost its name is
    /// out of reach.
    pub records: u64,
}

/// What was on a disk before it was wiped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wiped {
    /// Files that a process would have found.
    pub files: u64,
    /// Sum of their lengths.
    pub bytes: u64,
    /// Bytes of segments, by directory.
    pub log_bytes: BTreeMap<String, u64>,
}

impl PowerLoss {
    /// Sum over `lost_logs`.
    pub fn lost_records(&self) -> u64 {
        self.lost_logs.values().map(|log| log.records).sum()
    }

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

    /// Drops everything that is only in the page cache, or most of it: `unsynced` says what may survive, and `rng` draws
    /// it. The process must be dead, as it is after `Sim::crash`. Killing a process alone needs no call here.
    pub fn power_loss(&self, _now: Timestamp, _unsynced: Unsynced, _rng: ChaCha8Rng) -> PowerLoss {
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
        (stats.dirty_bytes, stats.phantom_bytes) = (0, 0);
        stats.power_losses += 1;
        disk.forget_queue();
        disk.mounted += 1;
        disk.check();
        loss
    }

    /// Empties the disk, what is durable too, as if it were a new one. Faults go on. The process must be dead, as for
    /// [`DiskHandle::power_loss`].
    pub fn wipe(&self) -> Wiped {
        let mut disk = self.disk.borrow_mut();
        let mut wiped = Wiped::default();
        for (path, number) in disk.volatile.files() {
            let len = disk.inodes[&number].len();
            wiped.files += 1;
            wiped.bytes += len;
            if is_segment(&path) {
                *wiped.log_bytes.entry(path.directory).or_default() += len;
            }
        }
        let Disk { volatile, durable, inodes, garbage, stats, .. } = &mut *disk;
        (*volatile, *durable) = (Namespace::new(), Namespace::new());
        garbage.extend(std::mem::take(inodes).into_keys());
        (stats.dirty_bytes, stats.phantom_bytes) = (0, 0);
        disk.forget_queue();
        disk.mounted += 1;
        disk.check();
        wiped
    }

    /// From now on the disk has this fault too, whose draws come from `rng`. Panics if `fault` is active already.
    ///
    /// Flushes that are queued keep their times, and new ones queue behind them; whether a flush fails is decided when
    /// it ends.
    pub fn begin(&self, fault: u32, what: DiskFault, rng: ChaCha8Rng) {
        self.disk.borrow_mut().faults.begin(fault, what, rng);
    }

    /// Ends a fault, if it is active, and says what it did. Its damage stays.
    pub fn end(&self, fault: u32) -> DiskEffect {
        self.disk.borrow_mut().faults.end(fault);
        self.effect(fault)
    }

    /// What a fault did here so far, also after its end.
    pub fn effect(&self, fault: u32) -> DiskEffect {
        self.disk.borrow().faults.effect(fault)
    }

    /// Lets bits turn over. Only what is at rest can rot: what was never flushed is in memory.
    pub fn rot(&self, _what: &BitRot, _rng: ChaCha8Rng) -> Rotten {
        Rotten::default()
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.disk.borrow_mut().faults.end_all();
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
        let name = path.to_string();
        if !survives {
            loss.vanished.push(name.clone());
        }
        let Entry::File(number) = entry else { continue };
        let inode = &disk.inodes[&number];
        let lost = if survives { inode.dirty_bytes() + inode.phantom_bytes() } else { inode.len() };
        if 0 < lost {
            loss.lost_bytes += lost;
            loss.lost_files.push((name.clone(), lost));
        }
        if 0 < lost && is_segment(&path) {
            let log = loss.lost_logs.entry(path.directory).or_default();
            log.bytes += lost;
            log.records += inode.unsaved().map(|(_, piece)| records_in(piece)).sum::<u64>();
        }
        if survives && 0 < inode.cut_bytes() {
            loss.returned_files.push((name, inode.cut_bytes()));
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

fn is_segment(path: &DiskPath) -> bool {
    path.name.ends_with(".log")
}

/// Processes append and flush whole batches, so that each piece of a segment begins with one.
fn records_in(mut piece: Bytes) -> u64 {
    let mut records = 0;
    while let Ok(batch) = RecordBatch::split_from(&mut piece) {
        records += u64::from(batch.record_count().unsigned_abs());
    }
    records
}
