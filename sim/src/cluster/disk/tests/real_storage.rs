//! The contract of [`Storage`] kept by the real file system, in a temporary directory.
//!
//! What the operating system says is passed on. Where the contract wants something else than POSIX, it is kept here:
//!
//! * descriptors of a file that was removed or replaced go on working in POSIX; here they are closed (EBADF);
//! * `ftruncate` may grow a file; here that is EINVAL;
//! * paths are `name` or `directory/name`; anything else (absolute, deeper, `.`, `..`, empty) is EINVAL;
//! * `open` creates the directory of a new file; removing, reading or listing what is not there is no error;
//! * a read may begin anywhere, also beyond what `off_t` can say (EINVAL in POSIX): there is nothing to read;
//! * a directory is opened for its fsync when the flush starts, and must be there then.
//!
//! What differs and has no case here: names longer than 255 bytes (ENAMETOOLONG), bytes that no name may have, and
//! running out of descriptors or of room.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use broker_core::error::StorageError;
use broker_core::io::{FileId, FlushStep, Storage};
use bytes::Bytes;

use crate::cluster::disk::errors::{EBADF, EINVAL};

/// Files of one directory that belongs to nobody else, and goes with it.
#[derive(Debug)]
pub(super) struct RealStorage {
    root: PathBuf,
    open: BTreeMap<FileId, (File, String)>,
    next_file: u64,
}

/// A flush that was started: what it means is open already.
pub(super) struct RealFlush(Vec<Result<RealStep, StorageError>>);

enum RealStep {
    Sync { file: File, path: String },
    Replace { path: String, content: Bytes },
}

fn said(operation: &'static str, path: &str, error: &io::Error) -> StorageError {
    StorageError { operation, path: path.to_owned(), kind: error.kind(), errno: error.raw_os_error() }
}

fn errno(operation: &'static str, path: &str, errno: i32) -> StorageError {
    said(operation, path, &io::Error::from_raw_os_error(errno))
}

impl RealStorage {
    /// In a directory that is made for it.
    pub(super) fn new(root: PathBuf) -> RealStorage {
        fs::create_dir_all(&root).unwrap();
        RealStorage { root, open: BTreeMap::new(), next_file: 0 }
    }

    /// The process dies and another one starts.
    pub(super) fn restart(&mut self) {
        self.open.clear();
        self.next_file = 0;
    }

    fn place(&self, operation: &'static str, path: &str) -> Result<PathBuf, StorageError> {
        let is_name = |part: &str| !["", ".", ".."].contains(&part);
        if !path.split('/').all(is_name) || 2 < path.split('/').count() {
            return Err(errno(operation, path, EINVAL));
        }
        Ok(self.root.join(path))
    }

    fn file(&self, operation: &'static str, id: FileId) -> Result<(&File, &str), StorageError> {
        let (file, path) =
            self.open.get(&id).ok_or_else(|| errno(operation, &format!("file {}", id.0), EBADF))?;
        Ok((file, path))
    }

    fn close(&mut self, path: &str) {
        self.open.retain(|_, (_, name)| name != path);
    }

    pub(super) fn start_flush(&self, steps: &[FlushStep]) -> RealFlush {
        RealFlush(steps.iter().map(|step| self.begin(step)).collect())
    }

    fn begin(&self, step: &FlushStep) -> Result<RealStep, StorageError> {
        match step {
            FlushStep::File(id) => {
                let (file, path) = self.file("sync", *id)?;
                Ok(RealStep::Sync { file: file.try_clone().unwrap(), path: path.to_owned() })
            }
            FlushStep::Directory(path) => {
                // With a slash at its end the name of a file does not open.
                let directory = self.root.join(format!("{path}/"));
                let file = File::open(directory).map_err(|error| said("sync", path, &error))?;
                Ok(RealStep::Sync { file, path: path.clone() })
            }
            FlushStep::Replace { path, content } => {
                self.place("replace", path)?;
                Ok(RealStep::Replace { path: path.clone(), content: content.clone() })
            }
        }
    }

    pub(super) fn finish_flush(&mut self, flush: RealFlush) -> Result<(), StorageError> {
        for step in flush.0 {
            match step? {
                RealStep::Sync { file, path } => {
                    file.sync_all().map_err(|error| said("sync", &path, &error))?;
                }
                RealStep::Replace { path, content } => {
                    self.replace(&path, &content).map_err(|error| said("replace", &path, &error))?;
                    self.close(&path);
                }
            }
        }
        Ok(())
    }

    fn replace(&self, path: &str, content: &[u8]) -> io::Result<()> {
        let target = self.root.join(path);
        let temporary = target.with_extension("temporary");
        let result = (|| {
            let mut file = File::create(&temporary)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&temporary, &target)?;
            File::open(target.parent().unwrap())?.sync_all()
        })();
        if result.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        result
    }
}

impl Storage for RealStorage {
    fn open(&mut self, path: &str) -> Result<FileId, StorageError> {
        let place = self.place("open", path)?;
        let directory = place.parent().unwrap();
        match fs::create_dir(directory) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(said("open", path, &error)),
            _ => {}
        }
        let file = OpenOptions::new().read(true).append(true).create(true).open(place);
        let file = file.map_err(|error| said("open", path, &error))?;
        let id = FileId(self.next_file);
        self.next_file += 1;
        self.open.insert(id, (file, path.to_owned()));
        Ok(id)
    }

    fn len(&self, file: FileId) -> Result<u64, StorageError> {
        let (file, path) = self.file("stat", file)?;
        Ok(file.metadata().map_err(|error| said("stat", path, &error))?.len())
    }

    fn read(&self, file: FileId, position: u64, len: usize) -> Result<Bytes, StorageError> {
        let (file, path) = self.file("read", file)?;
        let read = || {
            let rest = file.metadata()?.len().saturating_sub(position);
            let mut bytes = vec![0; len.min(usize::try_from(rest).unwrap())];
            if !bytes.is_empty() {
                file.read_exact_at(&mut bytes, position)?;
            }
            Ok(bytes.into())
        };
        read().map_err(|error| said("read", path, &error))
    }

    fn append(&mut self, file: FileId, bytes: &[u8]) -> Result<(), StorageError> {
        let (mut file, path) = self.file("append", file)?;
        file.write_all(bytes).map_err(|error| said("append", path, &error))
    }

    fn truncate(&mut self, id: FileId, len: u64) -> Result<(), StorageError> {
        let (file, path) = self.file("truncate", id)?;
        if file.metadata().map_err(|error| said("truncate", path, &error))?.len() < len {
            return Err(errno("truncate", path, EINVAL));
        }
        file.set_len(len).map_err(|error| said("truncate", path, &error))
    }

    fn remove(&mut self, path: &str) -> Result<(), StorageError> {
        match fs::remove_file(self.place("remove", path)?) {
            Ok(()) => self.close(path),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(said("remove", path, &error)),
        }
        Ok(())
    }

    fn read_file(&self, path: &str) -> Result<Option<Bytes>, StorageError> {
        match fs::read(self.place("read", path)?) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(said("read", path, &error)),
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StorageError> {
        let place = if directory.is_empty() { self.root.clone() } else { self.place("list", directory)? };
        let read = || {
            let mut names = Vec::new();
            for entry in fs::read_dir(place)? {
                names.push(entry?.file_name().into_string().expect("names are text"));
            }
            names.sort_unstable();
            io::Result::Ok(names)
        };
        match read() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            result => result.map_err(|error| said("list", directory, &error)),
        }
    }
}

impl Drop for RealStorage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
