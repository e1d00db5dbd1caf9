//! What the device has only said to have done: it is in a cache of the device that forgets when the power goes.
//!
//! A flush that does not lie empties the cache: FLUSH CACHE is about the whole device, not about one file.

use std::collections::BTreeSet;
use std::io;

use super::device::Disk;
use super::inode::InodeNumber;
use super::platter::Platter;

/// Files and directories that flushes lied about.
#[derive(Clone, Debug, Default)]
pub(super) struct Lies {
    inodes: BTreeSet<InodeNumber>,
    /// In the order of the flushes, with the names that were there when they started.
    directories: Vec<(String, BTreeSet<String>)>,
}

impl Lies {
    pub(super) fn about_file(&mut self, number: InodeNumber) {
        self.inodes.insert(number);
    }

    pub(super) fn about_directory(&mut self, directory: String, names: BTreeSet<String>) {
        self.directories.push((directory, names));
    }

    /// Whether some name is durable only in the device's words.
    pub(super) fn are_about_names(&self) -> bool {
        !self.directories.is_empty()
    }

    /// Some of it will be gone with the power.
    pub(super) fn forget(&mut self) {
        *self = Lies::default();
    }
}

impl Disk {
    /// The device empties its cache. Returns how many bytes it wrote.
    pub(super) fn tell_the_truth(&mut self, platter: &mut impl Platter) -> io::Result<u64> {
        if self.lies.inodes.is_empty() && self.lies.directories.is_empty() {
            return Ok(0);
        }
        let lies = std::mem::take(&mut self.lies);
        let mut written = 0;
        for number in lies.inodes {
            // Files that are gone meanwhile have nothing left to write.
            if self.inodes.get(&number).is_some_and(|inode| inode.in_volatile) {
                written += self.with_inode(number, |inode| inode.tell_the_truth(platter, number))?;
                self.settle_marks(number);
            }
        }
        for (directory, names) in lies.directories {
            // So do directories.
            let _ = self.sync_directory(&directory, &names);
        }
        Ok(written)
    }

    /// Remembers how long it took what is durable now.
    pub(super) fn settle_marks(&mut self, number: InodeNumber) {
        let inode = self.inodes.get_mut(&number).expect("a name leads to an inode");
        let (to, len) = (inode.durable_len(), inode.len());
        inode.marks.settle(to, len, self.now, &mut self.history.durable_after_us);
    }
}
