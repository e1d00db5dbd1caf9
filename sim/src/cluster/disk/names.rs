//! How files get their names, lose them, and which of that is durable.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::error::StorageError;

use super::device::Disk;
use super::errors::{EISDIR, ENOENT, ENOSPC, ENOTDIR, os_error, platter_error};
use super::inode::{Inode, InodeNumber};
use super::namespace::Entry;
use super::path::DiskPath;
use super::platter::Platter;

impl Disk {
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
            let errno = if self.volatile.is_file(&path.directory) { ENOTDIR } else { ENOENT };
            return Err(os_error("replace", &path.to_string(), errno));
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
}
