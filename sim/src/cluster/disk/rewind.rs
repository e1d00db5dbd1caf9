//! Back to a moment ago: for a process that dies before it has done what it was about to do.

use std::collections::BTreeMap;
use std::rc::Rc;

use broker_core::time::Timestamp;

use super::inode::{Inode, InodeNumber};
use super::lies::Lies;
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
    lies: Lies,
    names_since: BTreeMap<String, Timestamp>,
    /// How many appends had become durable.
    settled: usize,
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
            lies: disk.lies.clone(),
            names_since: disk.names_since.clone(),
            settled: disk.history.durable_after_us.len(),
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
        disk.lies = image.lies;
        disk.names_since = image.names_since;
        disk.history.durable_after_us.truncate(image.settled);
        disk.recount();
        disk.check();
    }
}
