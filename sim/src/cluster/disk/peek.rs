//! What a process would find in its files, for who watches it: nothing takes time, nothing fails, nothing is counted.

use bytes::Bytes;

use super::host::HostDisk;
use super::namespace::Entry;
use super::path::DiskPath;
use super::platter::Platter;

impl<P: Platter> HostDisk<P> {
    /// The bytes of a file from `position` on, as a process would read them now; `None` if there is no such file.
    pub fn peek(&self, path: &str, position: u64) -> Option<Bytes> {
        let disk = self.disk();
        let Some(Entry::File(number)) = disk.volatile.get(&DiskPath::parse("read", path).ok()?) else {
            return None;
        };
        disk.inodes.get(&number)?.read(&self.platter, number, position, usize::MAX).ok()
    }

    /// The names in a directory, sorted.
    pub fn peek_names(&self, directory: &str) -> Vec<String> {
        self.disk()
            .volatile
            .entries(directory)
            .map(|names| names.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Whether bits of a file in this directory have ever turned over.
    pub fn has_rotted(&self, directory: &str) -> bool {
        let disk = self.disk();
        disk.history.rotten.iter().any(|path| path.rsplit_once('/').is_some_and(|(of, _)| of == directory))
    }

    /// Up to which position of a file the device has said that everything is durable, and its name with it; 0 if not even
    /// its name, `None` if there is no such file. A device that lies has said so, too. Bytes of a flush that failed are not
    /// durable, until another flush says that they are.
    pub fn said_durable(&self, path: &str) -> Option<u64> {
        let disk = self.disk();
        let Some(Entry::File(number)) = disk.volatile.get(&DiskPath::parse("read", path).ok()?) else {
            return None;
        };
        let inode = disk.inodes.get(&number)?;
        let is_named = inode.in_durable || disk.lies.are_about_names();
        Some(if is_named { inode.said_durable() } else { 0 })
    }
}
