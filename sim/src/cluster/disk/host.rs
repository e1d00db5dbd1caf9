//! The process's side of a disk: the files it has open.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use broker_core::error::StorageError;
use broker_core::io::{FileId, Storage};
use bytes::Bytes;

use super::device::Disk;
use super::errors::{EBADF, EINVAL, EISDIR, ENOTDIR, os_error, platter_error};
use super::inode::InodeNumber;
use super::namespace::Entry;
use super::path::DiskPath;
use super::platter::Platter;
use crate::meter::{self, Part};

/// What a process has of its host's disk: a table of open files, and the way to the platter. Dies with the process;
/// the page cache does not.
///
/// Invariants:
/// * only one process has the disk: any use after another one mounted it, or after power loss, panics;
/// * a [`FileId`] is never given twice, and is worthless (EBADF) once its file was removed or replaced;
/// * nothing here waits, so the disk is never borrowed while another future runs.
#[derive(Debug)]
pub struct HostDisk<P> {
    disk: Rc<RefCell<Disk>>,
    pub(super) platter: P,
    pub(super) mounted: u64,
    open: BTreeMap<FileId, OpenFile>,
    next_file: u64,
}

#[derive(Clone, Debug)]
pub(super) struct OpenFile {
    pub(super) inode: InodeNumber,
    pub(super) path: String,
}

impl<P: Platter> HostDisk<P> {
    pub(super) fn new(disk: Rc<RefCell<Disk>>, platter: P, mounted: u64) -> HostDisk<P> {
        HostDisk { disk, platter, mounted, open: BTreeMap::new(), next_file: 0 }
    }

    pub(super) fn disk(&self) -> Ref<'_, Disk> {
        let disk = self.disk.borrow();
        assert_eq!(disk.mounted, self.mounted, "a dead process uses the disk");
        disk
    }

    /// Both halves that a change of durable state needs.
    pub(super) fn disk_and_platter(&mut self) -> (RefMut<'_, Disk>, &mut P) {
        let disk = self.disk.borrow_mut();
        assert_eq!(disk.mounted, self.mounted, "a dead process uses the disk");
        (disk, &mut self.platter)
    }

    pub(super) fn open_file(&self, operation: &'static str, file: FileId) -> Result<&OpenFile, StorageError> {
        self.open.get(&file).ok_or_else(|| os_error(operation, &format!("file {}", file.0), EBADF))
    }

    /// Closes files that lost their names.
    pub(super) fn close_removed(&mut self) {
        let disk = self.disk.borrow();
        self.open.retain(|_, file| disk.inode("close", &file.path, file.inode).is_ok());
    }

    fn read_inode(
        &self,
        operation: &'static str,
        path: &str,
        number: InodeNumber,
        position: u64,
        len: usize,
    ) -> Result<Bytes, StorageError> {
        let disk = self.disk();
        let inode = disk.inode(operation, path, number)?;
        inode
            .read(&self.platter, number, position, len)
            .map_err(|error| platter_error(operation, path, &error))
    }
}

impl<P: Platter> Storage for HostDisk<P> {
    fn open(&mut self, path: &str) -> Result<FileId, StorageError> {
        let _disk = meter::enter(Part::Disk);
        let parsed = DiskPath::parse("open", path)?;
        let (mut disk, _) = self.disk_and_platter();
        let inode = match disk.volatile.get(&parsed) {
            Some(Entry::File(number)) => number,
            Some(Entry::Directory) => return Err(os_error("open", path, EISDIR)),
            None => {
                ensure_directory(&mut disk, &parsed)?;
                disk.create(&parsed)
            }
        };
        drop(disk);
        let file = FileId(self.next_file);
        self.next_file += 1;
        self.open.insert(file, OpenFile { inode, path: path.to_owned() });
        Ok(file)
    }

    fn len(&self, file: FileId) -> Result<u64, StorageError> {
        let _disk = meter::enter(Part::Disk);
        let OpenFile { inode, path } = self.open_file("stat", file)?;
        Ok(self.disk().inode("stat", path, *inode)?.len())
    }

    fn read(&self, file: FileId, position: u64, len: usize) -> Result<Bytes, StorageError> {
        let _disk = meter::enter(Part::Disk);
        let OpenFile { inode, path } = self.open_file("read", file)?;
        self.read_inode("read", path, *inode, position, len)
    }

    fn append(&mut self, file: FileId, bytes: &[u8]) -> Result<(), StorageError> {
        let _disk = meter::enter(Part::Disk);
        let OpenFile { inode, path } = self.open_file("append", file)?.clone();
        let (mut disk, _) = self.disk_and_platter();
        disk.change_inode("append", &path, inode, |inode| inode.append(bytes))?;
        disk.stats.appended_bytes += bytes.len() as u64;
        Ok(())
    }

    fn truncate(&mut self, file: FileId, len: u64) -> Result<(), StorageError> {
        let _disk = meter::enter(Part::Disk);
        let OpenFile { inode, path } = self.open_file("truncate", file)?.clone();
        let (mut disk, _) = self.disk_and_platter();
        if disk.inode("truncate", &path, inode)?.len() < len {
            return Err(os_error("truncate", &path, EINVAL));
        }
        disk.change_inode("truncate", &path, inode, |inode| inode.truncate(len))
    }

    fn remove(&mut self, path: &str) -> Result<(), StorageError> {
        let _disk = meter::enter(Part::Disk);
        let parsed = DiskPath::parse("remove", path)?;
        let (mut disk, _) = self.disk_and_platter();
        match disk.volatile.get(&parsed) {
            Some(Entry::File(_)) => disk.point_volatile(&parsed, None),
            Some(Entry::Directory) => return Err(os_error("remove", path, EISDIR)),
            None => return Ok(()),
        }
        drop(disk);
        self.close_removed();
        Ok(())
    }

    fn read_file(&self, path: &str) -> Result<Option<Bytes>, StorageError> {
        let _disk = meter::enter(Part::Disk);
        let parsed = DiskPath::parse("read", path)?;
        let entry = self.disk().volatile.get(&parsed);
        match entry {
            Some(Entry::File(number)) => self.read_inode("read", path, number, 0, usize::MAX).map(Some),
            Some(Entry::Directory) => Err(os_error("read", path, EISDIR)),
            None => Ok(None),
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StorageError> {
        let _disk = meter::enter(Part::Disk);
        let disk = self.disk();
        if let Some(entries) = disk.volatile.entries(directory) {
            return Ok(entries.keys().cloned().collect());
        }
        match disk.volatile.get(&DiskPath::parse("list", directory)?) {
            Some(_) => Err(os_error("list", directory, ENOTDIR)),
            None => Ok(Vec::new()),
        }
    }
}

/// Creates the directory of a new file, in the page cache only.
fn ensure_directory(disk: &mut Disk, file: &DiskPath) -> Result<(), StorageError> {
    if file.directory.is_empty() {
        return Ok(());
    }
    let directory = DiskPath::within("", &file.directory);
    match disk.volatile.get(&directory) {
        Some(Entry::Directory) => {}
        Some(Entry::File(_)) => return Err(os_error("open", &file.to_string(), ENOTDIR)),
        None => {
            disk.volatile.set(&directory, Some(Entry::Directory));
        }
    }
    Ok(())
}
