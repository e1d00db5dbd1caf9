//! The disk itself: names, inodes, the queue of the device. What happens to them, but not who asks.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use broker_core::error::StorageError;
use broker_core::time::Timestamp;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::errors::{EBADF, EISDIR, ENOENT, os_error, platter_error};
use super::faults::Faults;
use super::inode::{Inode, InodeNumber};
use super::namespace::{Entry, Namespace};
use super::path::DiskPath;
use super::platter::Platter;

/// What kind of device it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskConfig {
    /// Shortest and longest time of one flush step, both inclusive, in whole microseconds. Each step draws its own.
    pub fsync_latency: (Duration, Duration),
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
    /// Flushes that a fault let fail.
    pub failed_flushes: u64,
    /// Bytes in the page cache only, now, that the next flushes would write.
    pub dirty_bytes: u64,
    /// Bytes in the page cache only, now, that look clean: no flush writes them any more, and power loss takes them.
    pub phantom_bytes: u64,
    /// Times the power was lost.
    pub power_losses: u64,
    /// Since when the process has reason to mistrust the disk: the first time that a fault let something fail.
    pub hurt_since: Option<Timestamp>,
}

/// The device and page cache of one host.
///
/// Invariants:
/// * `in_volatile` and `in_durable` of an inode say which view of the names leads to it; each view leads to it at most
///   once, and an inode to which none leads is garbage;
/// * `stats.dirty_bytes` and `stats.phantom_bytes` are sums over all inodes;
/// * every row on the platter belongs to an inode in `inodes` or `garbage`.
#[derive(Debug)]
pub(super) struct Disk {
    config: DiskConfig,
    rng: ChaCha8Rng,
    /// When the device has finished all flushes that were started.
    free_at: Timestamp,
    pub(super) faults: Faults,
    pub(super) volatile: Namespace,
    pub(super) durable: Namespace,
    pub(super) inodes: BTreeMap<InodeNumber, Inode>,
    next_inode: InodeNumber,
    /// Inodes whose rows on the platter can go, once a process runs again: only a process reaches the platter.
    pub(super) garbage: Vec<InodeNumber>,
    /// Held by every [`super::DiskImage`]: rows that one may need stay on the platter.
    pub(super) rows: Rc<()>,
    pub(super) stats: DiskStats,
    /// Which process may use the disk: changes when one mounts it, and when the power is lost.
    pub(super) mounted: u64,
}

impl Disk {
    pub(super) fn new(config: DiskConfig, rng: ChaCha8Rng) -> Disk {
        assert!(config.fsync_latency.0 <= config.fsync_latency.1, "fsync latency range is empty");
        Disk {
            config,
            rng,
            free_at: Timestamp::ZERO,
            faults: Faults::default(),
            volatile: Namespace::new(),
            durable: Namespace::new(),
            inodes: BTreeMap::new(),
            next_inode: 1,
            garbage: Vec::new(),
            rows: Rc::new(()),
            stats: DiskStats::default(),
            mounted: 0,
        }
    }

    /// Queues `steps` steps behind what the device still has to do. Returns when they will be done.
    pub(super) fn occupy(&mut self, now: Timestamp, steps: usize) -> Timestamp {
        let (low, high) = self.config.fsync_latency;
        let micros = |duration| Timestamp::from_duration(duration).0;
        let mut end = now.max(self.free_at);
        for _ in 0..steps {
            let own = self.rng.random_range(micros(low)..=micros(high));
            end = end + Duration::from_micros(self.faults.latency(own));
        }
        self.free_at = end;
        end
    }

    /// The device forgets its queue: the power was lost.
    pub(super) fn forget_queue(&mut self) {
        self.free_at = Timestamp::ZERO;
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

    /// Runs `change` on a file that a process has open and keeps count of what only the page cache has.
    pub(super) fn change_inode<T>(
        &mut self,
        operation: &'static str,
        path: &str,
        number: InodeNumber,
        change: impl FnOnce(&mut Inode) -> T,
    ) -> Result<T, StorageError> {
        let inode = self.inodes.get_mut(&number).filter(|inode| inode.in_volatile);
        let inode = inode.ok_or_else(|| os_error(operation, path, EBADF))?;
        let (dirty, phantom) = (inode.dirty_bytes(), inode.phantom_bytes());
        let result = change(inode);
        self.stats.dirty_bytes = self.stats.dirty_bytes - dirty + inode.dirty_bytes();
        self.stats.phantom_bytes = self.stats.phantom_bytes - phantom + inode.phantom_bytes();
        Ok(result)
    }

    /// A new, empty file. Nobody knows its name but the page cache.
    pub(super) fn create(&mut self, path: &DiskPath) -> InodeNumber {
        let number = self.add_inode(Inode::clean(0));
        self.point_volatile(path, Some(number));
        number
    }

    fn add_inode(&mut self, inode: Inode) -> InodeNumber {
        let number = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(number, inode);
        number
    }

    /// Lets a volatile name lead to an inode or nowhere. A file that loses its name loses what is dirty: nobody can
    /// flush it any more.
    pub(super) fn point_volatile(&mut self, path: &DiskPath, to: Option<InodeNumber>) {
        let former = self.volatile.set(path, to.map(Entry::File));
        if let Some(Entry::File(former)) = former
            && Some(former) != to
        {
            let inode = self.inodes.get_mut(&former).expect("a name leads to an inode");
            self.stats.dirty_bytes -= inode.dirty_bytes();
            self.stats.phantom_bytes -= inode.phantom_bytes();
            inode.revert();
            inode.in_volatile = false;
            self.collect(former);
        }
        if let Some(to) = to {
            self.inodes.get_mut(&to).expect("a name leads to an inode").in_volatile = true;
        }
    }

    fn point_durable(&mut self, path: &DiskPath, to: Option<Entry>) {
        let former = self.durable.set(path, to);
        if let Some(Entry::File(former)) = former
            && Some(Entry::File(former)) != to
        {
            self.inodes.get_mut(&former).expect("a name leads to an inode").in_durable = false;
            self.collect(former);
        }
        if let Some(Entry::File(to)) = to {
            self.inodes.get_mut(&to).expect("a name leads to an inode").in_durable = true;
        }
    }

    fn collect(&mut self, number: InodeNumber) {
        let inode = &self.inodes[&number];
        if !inode.in_volatile && !inode.in_durable {
            assert_eq!(inode.dirty_bytes(), 0, "garbage is clean");
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
        for (name, now) in volatile {
            // What another flush made durable meanwhile stays durable.
            if durable.get(name) != Some(now) {
                let included = at_start.contains(name);
                changes.push((DiskPath::within(directory, name), included.then_some(*now)));
            }
        }
        for name in durable.keys().filter(|name| !volatile.contains_key(*name)) {
            changes.push((DiskPath::within(directory, name), None));
        }
        for (path, entry) in changes {
            self.point_durable(&path, entry);
        }
        Ok(())
    }

    /// Replaces a file as a whole, durably: content, name, and the other names of its directory, which is synced too.
    pub(super) fn replace(
        &mut self,
        platter: &mut impl Platter,
        path: &DiskPath,
        content: &[u8],
        mut at_start: BTreeSet<String>,
    ) -> Result<(), StorageError> {
        let name = path.to_string();
        if self.volatile.entries(&path.directory).is_none() {
            return Err(os_error("replace", &name, ENOENT));
        }
        if self.volatile.get(path) == Some(Entry::Directory) {
            return Err(os_error("replace", &name, EISDIR));
        }
        let number = self.add_inode(Inode::clean(content.len() as u64));
        if !content.is_empty()
            && let Err(error) = platter.write_at(number, 0, content)
        {
            self.collect(number);
            return Err(platter_error("replace", &name, &error));
        }
        self.stats.flushed_bytes += content.len() as u64;
        self.point_volatile(path, Some(number));
        at_start.insert(path.name.clone());
        self.sync_directory(&path.directory, &at_start)
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
        let dirty: u64 = self.inodes.values().map(Inode::dirty_bytes).sum();
        assert_eq!(self.stats.dirty_bytes, dirty, "dirty bytes are miscounted");
        let phantom: u64 = self.inodes.values().map(Inode::phantom_bytes).sum();
        assert_eq!(self.stats.phantom_bytes, phantom, "phantom bytes are miscounted");
        let volatile: BTreeSet<_> = self.volatile.files().map(|(_, number)| number).collect();
        let durable: BTreeSet<_> = self.durable.files().map(|(_, number)| number).collect();
        for (number, inode) in &self.inodes {
            assert_eq!(inode.in_volatile, volatile.contains(number), "volatile name of inode {number}");
            assert_eq!(inode.in_durable, durable.contains(number), "durable name of inode {number}");
            assert!(inode.in_volatile || inode.in_durable, "inode {number} is garbage");
            let unsaved = inode.dirty_bytes() + inode.phantom_bytes();
            assert!(inode.in_volatile || unsaved == 0, "inode {number} is dirty without a name");
        }
    }
}
