//! The disk itself: names, inodes, the queue of the device. What happens to them, but not who asks.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use broker_core::error::StorageError;
use broker_core::time::Timestamp;
use bytes::Bytes;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::errors::{EBADF, EIO, EISDIR, ENOENT, ENOSPC, os_error, platter_error};
use super::faults::{Faults, Latency, OperationKind};
use super::inode::{Held, Inode, InodeNumber};
use super::lies::Lies;
use super::namespace::{Entry, Namespace};
use super::path::DiskPath;
use super::platter::Platter;
use super::queue::{OperationId, Queue};
use super::statistics::DiskHistory;

/// What kind of device it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskConfig {
    /// Shortest and longest time of one flush step, both inclusive, in whole microseconds. Each step draws its own.
    pub fsync_latency: Latency,
    /// The same of each read of what is not in memory.
    pub read_latency: Latency,
    /// The same of each append.
    pub append_latency: Latency,
    /// How old a page gets before the kernel writes it to the platter although nobody asked for it (Linux:
    /// `dirty_expire_centisecs`, 30 s). `None`: never.
    pub write_back_after: Option<Duration>,
}

impl DiskConfig {
    /// A disk on which only flushes take time, and which writes nothing by itself.
    pub fn with_fsync_latency(fsync_latency: Latency) -> DiskConfig {
        let nothing = (Duration::ZERO, Duration::ZERO);
        DiskConfig { fsync_latency, read_latency: nothing, append_latency: nothing, write_back_after: None }
    }
}

/// What a disk did so far, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskStats {
    /// Bytes appended by processes.
    pub appended_bytes: u64,
    /// Flushes that ended well.
    pub flushes: u64,
    /// Bytes that flushes wrote to the platter.
    pub flushed_bytes: u64,
    /// Bytes that the kernel wrote to the platter by itself.
    pub written_back_bytes: u64,
    /// Flushes that a fault let fail.
    pub failed_flushes: u64,
    /// Bytes of the files that a process sees: what counts against the capacity.
    pub used_bytes: u64,
    /// Bytes in the page cache only, now, that the next flushes would write.
    pub dirty_bytes: u64,
    /// Bytes in the page cache only, now, that look clean: no flush writes them any more, and power loss takes them.
    pub phantom_bytes: u64,
    /// Bytes that the device only said to have written, now: a flush that does not lie writes them, and power loss takes
    /// them.
    pub lied_bytes: u64,
    /// Times the power was lost.
    pub power_losses: u64,
    /// Since when the process has reason to mistrust the disk: the first time that a fault let something fail, lied, or
    /// turned a bit over.
    pub hurt_since: Option<Timestamp>,
}

/// The device and page cache of one host.
///
/// Invariants:
/// * `in_volatile` and `in_durable` of an inode say which view of the names leads to it; each view leads to it at most
///   once, and an inode to which none leads is garbage;
/// * what `stats` say of used, dirty, phantom and lied bytes are sums over all inodes that the process sees;
/// * every row on the platter belongs to an inode in `inodes` or `garbage`.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) config: DiskConfig,
    rng: ChaCha8Rng,
    /// When something happened last.
    pub(super) now: Timestamp,
    pub(super) queue: Queue,
    pub(super) faults: Faults,
    pub(super) volatile: Namespace,
    pub(super) durable: Namespace,
    pub(super) inodes: BTreeMap<InodeNumber, Inode>,
    next_inode: InodeNumber,
    pub(super) lies: Lies,
    /// Replacements that are under way, by their flush.
    pub(super) replacing: BTreeMap<OperationId, Vec<(DiskPath, Bytes)>>,
    /// Since when a directory has names that are not durable, or has lost some that are.
    pub(super) names_since: BTreeMap<String, Timestamp>,
    /// Not before this is a page old enough to be written back.
    pub(super) next_write_back: Option<Timestamp>,
    /// What a power loss left on its way, to be written once a process runs again: only a process reaches the platter.
    pub(super) settling: Vec<(InodeNumber, u64, Bytes)>,
    /// Inodes whose rows on the platter can go, once a process runs again.
    pub(super) garbage: Vec<InodeNumber>,
    /// Held by every [`super::DiskImage`]: rows that one may need stay on the platter.
    pub(super) rows: Rc<()>,
    pub(super) stats: DiskStats,
    pub(super) history: DiskHistory,
    /// Which process may use the disk: changes when one mounts it, and when the power is lost.
    pub(super) mounted: u64,
}

impl Disk {
    pub(super) fn new(config: DiskConfig, rng: ChaCha8Rng) -> Disk {
        for (low, high) in [config.fsync_latency, config.read_latency, config.append_latency] {
            assert!(low <= high, "latency range is empty");
        }
        Disk {
            config,
            rng,
            now: Timestamp::ZERO,
            queue: Queue::default(),
            faults: Faults::default(),
            volatile: Namespace::new(),
            durable: Namespace::new(),
            inodes: BTreeMap::new(),
            next_inode: 1,
            lies: Lies::default(),
            replacing: BTreeMap::new(),
            names_since: BTreeMap::new(),
            next_write_back: None,
            settling: Vec::new(),
            garbage: Vec::new(),
            rows: Rc::new(()),
            stats: DiskStats::default(),
            history: DiskHistory::default(),
            mounted: 0,
        }
    }

    /// How long an operation of this kind takes now, in microseconds.
    pub(super) fn latency(&mut self, kind: OperationKind) -> u64 {
        let (low, high) = match kind {
            OperationKind::Flush => self.config.fsync_latency,
            OperationKind::Read => self.config.read_latency,
            OperationKind::Append => self.config.append_latency,
        };
        // Most disks take no time for what is in memory, and then nothing is drawn.
        let is_free = high == Duration::ZERO && kind != OperationKind::Flush;
        let micros = |duration| Timestamp::from_duration(duration).0;
        let own = if is_free { 0 } else { self.rng.random_range(micros(low)..=micros(high)) };
        self.faults.latency(kind, own)
    }

    /// Queues `steps` flush steps behind what the device still has to do.
    pub(super) fn occupy(&mut self, now: Timestamp, steps: usize) -> OperationId {
        let latencies: Vec<u64> = (0..steps).map(|_| self.latency(OperationKind::Flush)).collect();
        if self.queue.is_stalled() {
            self.faults.count_stalled(1);
        }
        self.queue.push(now, latencies)
    }

    /// The file that a process has open, unless it lost its name meanwhile (EBADF).
    pub(super) fn inode(
        &self,
        operation: &'static str,
        path: &str,
        number: InodeNumber,
    ) -> Result<&Inode, StorageError> {
        let inode = self.inodes.get(&number).filter(|inode| inode.in_volatile);
        inode.ok_or_else(|| os_error(operation, path, EBADF))
    }

    /// Runs `change` on a file that a process has open and keeps count of what only memory has.
    pub(super) fn change_inode<T>(
        &mut self,
        operation: &'static str,
        path: &str,
        number: InodeNumber,
        change: impl FnOnce(&mut Inode) -> T,
    ) -> Result<T, StorageError> {
        self.inode(operation, path, number)?;
        Ok(self.with_inode(number, change))
    }

    /// Runs `change` on a file that is there and keeps count of what only memory has.
    pub(super) fn with_inode<T>(&mut self, number: InodeNumber, change: impl FnOnce(&mut Inode) -> T) -> T {
        let inode = self.inodes.get_mut(&number).expect("a name leads to an inode");
        let before = inode.held();
        let result = change(inode);
        let after = inode.held();
        if before != after {
            self.count(before, after);
        }
        result
    }

    fn count(&mut self, before: Held, after: Held) {
        let stats = &mut self.stats;
        stats.dirty_bytes = stats.dirty_bytes - before.dirty + after.dirty;
        stats.phantom_bytes = stats.phantom_bytes - before.failed + after.failed;
        stats.lied_bytes = stats.lied_bytes - before.lied + after.lied;
        stats.used_bytes = stats.used_bytes - before.len + after.len;
        self.note_unsaved();
    }

    /// Counts anew what `stats` say of bytes that are there.
    pub(super) fn recount(&mut self) {
        let mut sum = Held::default();
        for held in self.inodes.values().map(Inode::held) {
            sum.dirty += held.dirty;
            sum.failed += held.failed;
            sum.lied += held.lied;
            sum.len += held.len;
        }
        let stats = &mut self.stats;
        (stats.dirty_bytes, stats.phantom_bytes) = (sum.dirty, sum.failed);
        (stats.lied_bytes, stats.used_bytes) = (sum.lied, sum.len);
        self.note_unsaved();
    }

    /// Stalls that are over hold nobody any more.
    pub(super) fn go_on(&mut self, now: Timestamp) {
        if !self.faults.stall() {
            self.queue.go_on(now);
        }
    }

    fn note_unsaved(&mut self) {
        let DiskStats { dirty_bytes, phantom_bytes, lied_bytes, .. } = self.stats;
        self.history.unsaved.note(self.now, dirty_bytes + phantom_bytes + lied_bytes);
    }

    /// The process has reason to mistrust the disk from now on.
    pub(super) fn hurt(&mut self) {
        self.stats.hurt_since.get_or_insert(self.now);
    }

    /// Whether the device takes what is written to a file (EIO).
    pub(super) fn may_write(&mut self, path: &str, operation: &'static str) -> Result<(), StorageError> {
        if self.faults.are_none() || !self.faults.fails_write(path) {
            return Ok(());
        }
        self.hurt();
        Err(os_error(operation, path, EIO))
    }

    /// Of `wanted` bytes, how many have room; the rest was refused by a fault.
    pub(super) fn room(&mut self, wanted: u64) -> u64 {
        let room = self.faults.room(self.stats.used_bytes, wanted);
        if room < wanted {
            self.hurt();
        }
        room
    }

    /// A new, empty file. Nobody knows its name but the page cache.
    pub(super) fn create(&mut self, path: &DiskPath) -> InodeNumber {
        let number = self.add_inode(Inode::clean(0, path.is_segment()));
        self.point_volatile(path, Some(number));
        number
    }

    pub(super) fn add_inode(&mut self, inode: Inode) -> InodeNumber {
        let number = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(number, inode);
        number
    }

    /// Gives a directory of the root its name, in the page cache only.
    pub(super) fn name_directory(&mut self, directory: &DiskPath) {
        self.volatile.set(directory, Some(Entry::Directory));
        self.names_since.entry(String::new()).or_insert(self.now);
    }

    /// Lets a volatile name lead to an inode or nowhere. A file that loses its name loses what is dirty: nobody can
    /// flush it any more.
    pub(super) fn point_volatile(&mut self, path: &DiskPath, to: Option<InodeNumber>) {
        let former = self.volatile.set(path, to.map(Entry::File));
        if let Some(Entry::File(former)) = former
            && Some(former) != to
        {
            self.with_inode(former, |inode| {
                inode.revert(inode.durable_len());
                inode.in_volatile = false;
            });
            self.collect(former);
        }
        if let Some(to) = to {
            self.with_inode(to, |inode| inode.in_volatile = true);
        }
        self.names_since.entry(path.directory.clone()).or_insert(self.now);
    }

    pub(super) fn point_durable(&mut self, path: &DiskPath, to: Option<Entry>) {
        let former = self.durable.set(path, to);
        if let Some(Entry::File(former)) = former
            && Some(Entry::File(former)) != to
        {
            self.with_inode(former, |inode| inode.in_durable = false);
            self.collect(former);
        }
        if let Some(Entry::File(to)) = to {
            self.with_inode(to, |inode| inode.in_durable = true);
        }
    }

    pub(super) fn collect(&mut self, number: InodeNumber) {
        let inode = &self.inodes[&number];
        if !inode.in_volatile && !inode.in_durable {
            self.inodes.remove(&number);
            self.garbage.push(number);
        }
    }

    /// Makes the names of a directory durable, as they are now: names in `at_start` that are still there, and removals.
    /// Names that came since the flush started are not included.
    pub(super) fn sync_directory(
        &mut self,
        directory: &str,
        at_start: &BTreeSet<String>,
    ) -> Result<(), StorageError> {
        let Some(volatile) = self.volatile.entries(directory) else {
            return Err(os_error("sync", directory, ENOENT));
        };
        let nothing = BTreeMap::new();
        let durable = self.durable.entries(directory).unwrap_or(&nothing);
        let mut changes = Vec::new();
        let mut is_complete = true;
        for (name, now) in volatile {
            // What another flush made durable meanwhile stays durable.
            if durable.get(name) != Some(now) {
                let included = at_start.contains(name);
                is_complete &= included;
                changes.push((DiskPath::within(directory, name), included.then_some(*now)));
            }
        }
        for name in durable.keys().filter(|name| !volatile.contains_key(*name)) {
            changes.push((DiskPath::within(directory, name), None));
        }
        for (path, entry) in changes {
            self.point_durable(&path, entry);
        }
        if is_complete {
            self.names_since.remove(directory);
        }
        Ok(())
    }

    /// Gives a file new content as a whole: written, flushed and renamed, the directory not flushed yet. The old content
    /// is what a power loss brings back.
    pub(super) fn replace_volatile(
        &mut self,
        platter: &mut impl Platter,
        path: &DiskPath,
        content: &[u8],
    ) -> Result<(), StorageError> {
        self.may_replace(path, content)?;
        let number = self.add_inode(Inode::clean(content.len() as u64, path.is_segment()));
        if !content.is_empty()
            && let Err(error) = platter.write_at(number, 0, content)
        {
            self.collect(number);
            return Err(platter_error("replace", &path.to_string(), &error));
        }
        self.stats.flushed_bytes += content.len() as u64;
        self.point_volatile(path, Some(number));
        Ok(())
    }

    /// Whether there is a directory for it, and room for both contents at once.
    pub(super) fn may_replace(&mut self, path: &DiskPath, content: &[u8]) -> Result<(), StorageError> {
        if self.volatile.entries(&path.directory).is_none() {
            return Err(os_error("replace", &path.to_string(), ENOENT));
        }
        if self.volatile.get(path) == Some(Entry::Directory) {
            return Err(os_error("replace", &path.to_string(), EISDIR));
        }
        let wanted = content.len() as u64;
        if self.room(wanted) < wanted {
            return Err(os_error("replace", &path.to_string(), ENOSPC));
        }
        Ok(())
    }

    /// Frees the rows of files that are gone, unless somebody may want them back.
    pub(super) fn collect_garbage(&mut self, platter: &mut impl Platter) -> Result<(), StorageError> {
        if 1 < Rc::strong_count(&self.rows) {
            return Ok(());
        }
        while let Some(number) = self.garbage.pop() {
            platter
                .remove(number)
                .map_err(|error| platter_error("free", &format!("inode {number}"), &error))?;
        }
        Ok(())
    }

    /// Compares what is kept up to date with what it stands for.
    pub(super) fn check(&self) {
        let sum = |of: fn(&Held) -> u64| self.inodes.values().map(|inode| of(&inode.held())).sum::<u64>();
        assert_eq!(self.stats.dirty_bytes, sum(|held| held.dirty), "dirty bytes are miscounted");
        assert_eq!(self.stats.phantom_bytes, sum(|held| held.failed), "phantom bytes are miscounted");
        assert_eq!(self.stats.lied_bytes, sum(|held| held.lied), "lied bytes are miscounted");
        assert_eq!(self.stats.used_bytes, sum(|held| held.len), "used bytes are miscounted");
        let volatile: BTreeSet<_> = self.volatile.files().map(|(_, number)| number).collect();
        let durable: BTreeSet<_> = self.durable.files().map(|(_, number)| number).collect();
        for (number, inode) in &self.inodes {
            assert_eq!(inode.in_volatile, volatile.contains(number), "volatile name of inode {number}");
            assert_eq!(inode.in_durable, durable.contains(number), "durable name of inode {number}");
            assert!(inode.in_volatile || inode.in_durable, "inode {number} is garbage");
            assert!(inode.in_volatile || inode.unsaved() == 0, "inode {number} is dirty without a name");
        }
    }
}
