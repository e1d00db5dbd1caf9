//! The harness's side of a disk: it outlives processes, and it can have faults, lose its power, or be wiped.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use broker_core::error::StorageError;
use broker_core::time::Timestamp;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::device::{Disk, DiskConfig, DiskStats};
use super::fault::{BitRot, DiskEffect, DiskFault, Rotten, Unsynced};
use super::host::HostDisk;
use super::inode::InodeNumber;
use super::namespace::{Entry, Namespace};
use super::platter::Platter;
use super::statistics::{DiskHistory, PowerLossCounts};
use super::survivors::Survivors;

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
    /// Bytes that were only in the page cache, and are there all the same.
    pub survived_bytes: u64,
    /// Files whose replacement was under way, and that have their new content all the same.
    pub replaced: Vec<String>,
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
    /// Records of batches of which a byte is gone.
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

    fn counts(&self) -> PowerLossCounts {
        PowerLossCounts {
            bytes: self.lost_bytes,
            records: self.lost_records(),
            survived_bytes: self.survived_bytes,
            vanished: self.vanished.len() as u64,
            returned_bytes: self.returned_bytes,
        }
    }

    /// Whether the next process finds everything as the last one left it.
    pub fn changed_nothing(&self) -> bool {
        PowerLoss { survived_bytes: 0, ..self.clone() } == PowerLoss::default()
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
            disk.now = platter.now();
            disk.settle(&mut platter)?;
            disk.write_back(&mut platter);
            disk.collect_garbage(&mut platter)?;
            disk.queue.forget_waiting();
            disk.replacing.clear();
            disk.mounted += 1;
            disk.mounted
        };
        Ok(HostDisk::new(Rc::clone(&self.disk), platter, mounted))
    }

    /// Drops everything that is only in the page cache, or most of it: `unsynced` says what may survive, and `rng` draws
    /// it. The process must be dead, as it is after `Sim::crash`. Killing a process alone needs no call here.
    pub fn power_loss(&self, now: Timestamp, unsynced: Unsynced, mut rng: ChaCha8Rng) -> PowerLoss {
        let mut disk = self.disk.borrow_mut();
        disk.check();
        disk.now = now;
        disk.keep_names(unsynced, &mut rng);
        disk.durable.forget_unreachable();
        let survivors = disk.survivors(unsynced, &mut rng);
        let mut loss = report(&disk, &survivors);
        loss.replaced = disk.keep_replacements(unsynced, &mut rng);
        disk.lose(survivors);
        disk.stats.power_losses += 1;
        disk.history.power_losses.push((now, loss.counts()));
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
            if path.is_segment() {
                *wiped.log_bytes.entry(path.directory).or_default() += len;
            }
        }
        let Disk { volatile, durable, inodes, garbage, .. } = &mut *disk;
        (*volatile, *durable) = (Namespace::new(), Namespace::new());
        garbage.extend(std::mem::take(inodes).into_keys());
        disk.settling.clear();
        disk.forget_memory();
        disk.check();
        wiped
    }

    /// From now on the disk has this fault too, whose draws come from `rng`. Panics if `fault` is active already.
    ///
    /// Flushes that are queued keep their times, and new ones queue behind them, but for a stall, which holds them all;
    /// whether a flush fails or lies is decided when it ends.
    pub fn begin(&self, now: Timestamp, fault: u32, what: DiskFault, rng: ChaCha8Rng) {
        let disk = &mut *self.disk.borrow_mut();
        let is_stall = what == DiskFault::Stall;
        disk.faults.begin(fault, what, disk.stats.used_bytes, rng);
        if is_stall {
            disk.faults.count_stalled_by(fault, disk.queue.under_way(now));
            disk.queue.stall(now);
        }
    }

    /// Ends a fault, if it is active, and says what it did. Its damage stays.
    pub fn end(&self, now: Timestamp, fault: u32) -> DiskEffect {
        let disk = &mut *self.disk.borrow_mut();
        disk.faults.end(fault);
        disk.go_on(now);
        disk.faults.effect(fault)
    }

    /// What a fault did here so far, also after its end.
    pub fn effect(&self, fault: u32) -> DiskEffect {
        self.disk.borrow().faults.effect(fault)
    }

    /// Lets bits turn over, in one file. Only what is at rest can rot: what was never flushed is in memory.
    pub fn rot(&self, now: Timestamp, what: &BitRot, mut rng: ChaCha8Rng) -> Rotten {
        let disk = &mut *self.disk.borrow_mut();
        let places = disk.volatile.files().filter(|(path, _)| what.files.matches(&path.to_string()));
        let mut places: Vec<_> = places
            .map(|(path, number)| (path, number, what.place.ranges(&disk.inodes[&number])))
            .filter(|(_, _, ranges)| !ranges.is_empty())
            .collect();
        if places.is_empty() {
            return Rotten::default();
        }
        let (path, number, ranges) = places.swap_remove(rng.random_range(0..places.len()));
        let inode = disk.inodes.get_mut(&number).expect("a name leads to an inode");
        let bits = inode.rot.strike(&ranges, what.bits, &mut rng);
        if bits == 0 {
            return Rotten::default();
        }
        disk.now = now;
        disk.stats.rotten_bits += bits;
        disk.history.rotten.insert(path.to_string());
        disk.hurt();
        Rotten { file: Some(path.to_string()), bits }
    }

    /// Ends all faults.
    pub fn heal(&self, now: Timestamp) {
        let disk = &mut *self.disk.borrow_mut();
        disk.faults.end_all();
        disk.go_on(now);
    }

    /// What the disk did so far, and what it holds now.
    pub fn stats(&self) -> DiskStats {
        self.disk.borrow().stats
    }

    /// What it remembers of its past, up to `now`.
    pub fn history(&self, now: Timestamp) -> DiskHistory {
        let mut history = self.disk.borrow().history.clone();
        history.unsaved.reach(now);
        history
    }

    #[cfg(test)]
    pub(super) fn check(&self) {
        self.disk.borrow().check();
    }
}

/// The difference between what the process saw and what the platter has. Inodes never change their names, so a file is
/// the same before and after if the same inode is.
fn report(disk: &Disk, survivors: &BTreeMap<InodeNumber, Survivors>) -> PowerLoss {
    let mut loss = PowerLoss::default();
    for (path, entry) in disk.volatile.all() {
        let survives = disk.durable.get(&path) == Some(entry);
        let name = path.to_string();
        if !survives {
            loss.vanished.push(name.clone());
        }
        let Entry::File(number) = entry else { continue };
        let (inode, survivors) = (&disk.inodes[&number], &survivors[&number]);
        let (lost, first_lost) = if survives {
            let survived = survivors.bytes(inode);
            loss.survived_bytes += survived;
            (inode.unsaved() - survived, inode.first_unsaved())
        } else {
            (inode.len(), 0)
        };
        if 0 < lost {
            loss.lost_bytes += lost;
            loss.lost_files.push((name.clone(), lost));
        }
        if 0 < lost && path.is_segment() {
            let log = loss.lost_logs.entry(path.directory).or_default();
            log.bytes += lost;
            let marks = inode.marks.from(first_lost, inode.len());
            let lost =
                marks.filter(|(mark, end)| !survives || !survivors.include(inode, mark.position, *end));
            log.records += lost.map(|(mark, _)| u64::from(mark.records)).sum::<u64>();
        }
        let returned = survivors.returned(inode);
        if survives && 0 < returned {
            loss.returned_files.push((name, returned));
        }
    }
    for (path, number) in disk.durable.files() {
        let inode = &disk.inodes[&number];
        if !inode.in_volatile {
            loss.returned_files.push((path.to_string(), inode.durable_len()));
        }
    }
    loss.returned_bytes = loss.returned_files.iter().map(|(_, bytes)| bytes).sum();
    loss.vanished.sort_unstable();
    loss.lost_files.sort_unstable();
    loss.returned_files.sort_unstable();
    loss
}
