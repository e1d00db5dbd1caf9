//! The process's side of a disk: the files it has open.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use broker_core::error::StorageError;
use broker_core::io::{FileId, Storage};
use broker_core::time::Timestamp;
use bytes::Bytes;

use super::device::Disk;
use super::errors::{EBADF, EINVAL, EIO, EISDIR, ENOSPC, ENOTDIR, os_error, platter_error};
use super::faults::OperationKind;
use super::inode::InodeNumber;
use super::namespace::Entry;
use super::path::DiskPath;
use super::platter::Platter;
use super::queue::OperationId;
use crate::meter::{self, Part};

/// What a process has of its host's disk: a table of open files, and the way to the platter. Dies with the process;
/// the page cache does not.
///
/// Invariants:
/// * only one process has the disk: any use after another one mounted it, or after power loss, panics;
/// * a [`FileId`] is never given twice, and is worthless (EBADF) once its file was removed or replaced;
/// * nothing here waits, so the disk is never borrowed while another future runs: an operation that takes its time is
///   done at once, and [`HostDisk::busy_until`] says how long the process must stand still for it.
#[derive(Debug)]
pub struct HostDisk<P> {
    disk: Rc<RefCell<Disk>>,
    pub(super) platter: P,
    pub(super) mounted: u64,
    open: BTreeMap<FileId, OpenFile>,
    next_file: u64,
    busy: RefCell<Busy>,
}

/// What keeps the process from going on: system calls that take their time.
#[derive(Debug, Default)]
struct Busy {
    /// Appends.
    until: Timestamp,
    /// The last read that the device was asked for.
    reading: Option<OperationId>,
}

#[derive(Clone, Debug)]
pub(super) struct OpenFile {
    pub(super) inode: InodeNumber,
    pub(super) path: String,
}

impl<P: Platter> HostDisk<P> {
    pub(super) fn new(disk: Rc<RefCell<Disk>>, platter: P, mounted: u64) -> HostDisk<P> {
        HostDisk { disk, platter, mounted, open: BTreeMap::new(), next_file: 0, busy: RefCell::default() }
    }

    pub(super) fn disk(&self) -> Ref<'_, Disk> {
        let disk = self.disk.borrow();
        assert_eq!(disk.mounted, self.mounted, "a dead process uses the disk");
        disk
    }

    /// Both halves that a change of durable state needs. What is old enough is written back before.
    pub(super) fn disk_and_platter(&mut self) -> (RefMut<'_, Disk>, &mut P) {
        let mut disk = self.disk.borrow_mut();
        assert_eq!(disk.mounted, self.mounted, "a dead process uses the disk");
        disk.now = self.platter.now();
        disk.write_back(&mut self.platter);
        (disk, &mut self.platter)
    }

    /// Until when the process has to wait for what it did since the last call; `None` if for nothing. With a stalled
    /// device nobody can say, and the second is `None`.
    pub fn busy_until(&self) -> Option<Option<Timestamp>> {
        let busy = self.busy.borrow();
        let reading = busy.reading.map(|read| self.disk().queue.due(read));
        match reading {
            None if busy.until == Timestamp::ZERO => None,
            None => Some(Some(busy.until)),
            Some(due) => Some(due.map(|due| due.max(busy.until))),
        }
    }

    /// The process has waited.
    pub fn is_ready(&self) {
        let Busy { reading, .. } = self.busy.take();
        if let Some(read) = reading {
            self.disk.borrow_mut().queue.remove(read);
        }
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
        self.ask_device(path, number, position, len).map_err(|errno| os_error(operation, path, errno))?;
        let disk = self.disk();
        let inode = disk.inode(operation, path, number)?;
        inode
            .read(&self.platter, number, position, len)
            .map_err(|error| platter_error(operation, path, &error))
    }

    /// What is not in memory takes its time, and any read may fail.
    fn ask_device(&self, path: &str, number: InodeNumber, position: u64, len: usize) -> Result<(), i32> {
        let mut disk = self.disk.borrow_mut();
        if !disk.faults.are_none() && disk.faults.fails_read(path) {
            disk.now = self.platter.now();
            disk.hurt();
            return Err(EIO);
        }
        let to = position.saturating_add(len as u64);
        let chunks = disk.inodes.get_mut(&number).map_or(0, |inode| inode.cold.read(position, to));
        if chunks == 0 {
            return Ok(());
        }
        let takes_us: u64 = (0..chunks).map(|_| disk.latency(OperationKind::Read)).sum();
        let is_stalled = disk.queue.is_stalled();
        if is_stalled {
            disk.faults.count_stalled(1);
        }
        if 0 < takes_us || is_stalled {
            disk.now = self.platter.now();
            // One after the other: the process asks for the next one when it has this one.
            let mut busy = self.busy.borrow_mut();
            let now = disk.now;
            let waits_us = busy.reading.map_or(0, |read| disk.queue.end_reading(read, now));
            busy.reading = Some(disk.queue.push_beside(now, waits_us + takes_us));
        }
        Ok(())
    }

    /// An append takes its time.
    fn take_time(&self, disk: &mut Disk) {
        let takes_us = disk.latency(OperationKind::Append);
        if 0 < takes_us {
            let mut busy = self.busy.borrow_mut();
            busy.until = busy.until.max(disk.now) + Duration::from_micros(takes_us);
        }
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
                disk.expect_write_back();
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
        self.disk_and_platter();
        let mut disk = self.disk.borrow_mut();
        disk.inode("append", &path, inode)?;
        disk.may_write(&path, "append")?;
        let (wanted, now) = (bytes.len() as u64, disk.now);
        let room = disk.room(wanted);
        let fits = &bytes[..usize::try_from(room).expect("at most what is wanted")];
        disk.change_inode("append", &path, inode, |inode| inode.append(now, fits))?;
        disk.stats.appended_bytes += room;
        disk.expect_write_back();
        self.take_time(&mut disk);
        if room < wanted {
            return Err(os_error("append", &path, ENOSPC));
        }
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
            Some(Entry::File(_)) => {
                disk.expect_write_back();
                disk.point_volatile(&parsed, None);
            }
            Some(Entry::Directory) => return Err(os_error("remove", path, EISDIR)),
            None if disk.volatile.is_file(&parsed.directory) => {
                return Err(os_error("remove", path, ENOTDIR));
            }
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
            None if self.disk().volatile.is_file(&parsed.directory) => Err(os_error("read", path, ENOTDIR)),
            None => Ok(None),
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StorageError> {
        let _disk = meter::enter(Part::Disk);
        let disk = self.disk();
        if let Some(entries) = disk.volatile.entries(directory) {
            return Ok(entries.keys().cloned().collect());
        }
        DiskPath::parse("list", directory)?;
        if disk.volatile.is_file(directory) {
            return Err(os_error("list", directory, ENOTDIR));
        }
        Ok(Vec::new())
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
        None => disk.name_directory(&directory),
    }
    Ok(())
}
