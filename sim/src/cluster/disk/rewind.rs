//! Back to a moment ago: for a process that dies before it has done what it was about to do.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::inode::{Inode, InodeNumber};
use super::namespace::Namespace;
use super::power::DiskHandle;

/// What a disk was at one moment, page cache and platter. While it exists the platter forgets no row.
///
/// Bytes are shared where they can be. What is not in it: the device's queue, its random numbers and its counts.
#[derive(Debug)]
pub struct DiskImage {
    volatile: Namespace,
    durable: Namespace,
    inodes: BTreeMap<InodeNumber, Inode>,
    dirty_bytes: u64,
    phantom_bytes: u64,
    mounted: u64,
    _rows: Rc<()>,
}

impl DiskHandle {
    /// Takes a picture of the disk.
    pub fn snapshot(&self) -> DiskImage {
        let disk = self.disk.borrow();
        DiskImage {
            volatile: disk.volatile.clone(),
            durable: disk.durable.clone(),
            inodes: disk.inodes.clone(),
            dirty_bytes: disk.stats.dirty_bytes,
            phantom_bytes: disk.stats.phantom_bytes,
            mounted: disk.mounted,
            _rows: Rc::clone(&disk.rows),
        }
    }

    /// Undoes what happened since the snapshot. Its process must be dead, and no other have had the disk since.
    ///
    /// One thing cannot be undone: where a flush wrote new bytes over some that were cut, power loss brings back the new
    /// ones. Write-back may do the same at any time.
    pub fn roll_back(&self, image: DiskImage) {
        let mut disk = self.disk.borrow_mut();
        assert_eq!(disk.mounted, image.mounted, "another process had the disk since");
        let mut garbage: Vec<InodeNumber> = disk.inodes.keys().chain(&disk.garbage).copied().collect();
        garbage.retain(|number| !image.inodes.contains_key(number));
        disk.garbage = garbage;
        disk.volatile = image.volatile;
        disk.durable = image.durable;
        disk.inodes = image.inodes;
        disk.stats.dirty_bytes = image.dirty_bytes;
        disk.stats.phantom_bytes = image.phantom_bytes;
        disk.check();
    }
}
