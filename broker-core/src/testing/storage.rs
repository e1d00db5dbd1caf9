//! Files in memory: what a reader sees, and what is durable.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::rc::Rc;

use bytes::Bytes;

use super::faults::{Faults, failed};
use crate::error::StorageError;
use crate::io::{FileId, FlushStep, Storage};

/// A [`MemStorage`] with two holders: a node, and the test that flushes what it wrote and gives it to the next process.
pub type SharedStorage = Rc<RefCell<MemStorage>>;

/// Files in memory.
///
/// * Every name, seen or durable, names a file there is.
/// * A name becomes durable by syncing its directory, content by syncing the file: neither implies the other.
/// * Directories themselves are always durable.
#[derive(Clone, Debug, Default)]
pub struct MemStorage {
    pub(super) files: BTreeMap<FileId, MemFile>,
    pub(super) names: BTreeMap<String, FileId>,
    pub(super) durable_names: BTreeMap<String, FileId>,
    next_file: u64,
    capacity_bytes: Option<usize>,
    pub(super) faults: Faults,
}

#[derive(Clone, Debug, Default)]
pub(super) struct MemFile {
    pub path: String,
    pub content: Vec<u8>,
    pub durable: Vec<u8>,
    /// What was cut away since the file was synced, each byte at its position: it may be on its way to the disk.
    pub cut: Vec<Option<u8>>,
}

impl MemStorage {
    /// Makes `steps` durable, in order. A file that was removed meanwhile is skipped.
    pub fn apply(&mut self, steps: &[FlushStep]) {
        for step in steps {
            match step {
                FlushStep::File(file) => self.sync(*file),
                FlushStep::Directory(directory) => self.sync_directory(directory),
                FlushStep::Replace { path, content } => self.replace(path, content),
            }
        }
    }

    /// The power fails: only what was made durable is left. Files must be opened again.
    pub fn lose_unflushed(&mut self) {
        self.names = self.durable_names.clone();
        self.drop_nameless();
        for file in self.files.values_mut() {
            file.content.clone_from(&file.durable);
            file.cut.clear();
        }
    }

    /// Changes the content of a file behind everybody's back, as a failing disk does.
    ///
    /// # Panics
    /// If the file is not there.
    pub fn damage(&mut self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let file = self.names[path];
        change(&mut self.files.get_mut(&file).expect("a name has a file").content);
    }

    /// From now on each file holds at most this many bytes; an append that needs more writes what fits and fails.
    pub fn limit_capacity(&mut self, bytes: Option<usize>) {
        self.capacity_bytes = bytes;
    }

    /// Every path with what a reader sees there.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        self.names.iter().map(|(path, file)| (path.clone(), self.files[file].content.clone())).collect()
    }

    /// The path of a file that is still there.
    pub fn path(&self, file: FileId) -> Option<&str> {
        self.seen("path", file).ok().map(|file| file.path.as_str())
    }

    fn create(&mut self, path: &str) -> FileId {
        let file = FileId(self.next_file);
        self.next_file += 1;
        self.files.insert(file, MemFile { path: path.to_owned(), ..MemFile::default() });
        self.names.insert(path.to_owned(), file);
        file
    }

    fn sync(&mut self, file: FileId) {
        if let Some(file) = self.files.get_mut(&file) {
            file.durable.clone_from(&file.content);
            file.cut.clear();
        }
    }

    fn sync_directory(&mut self, directory: &str) {
        self.durable_names.retain(|path, _| split(path).0 != directory);
        let seen = self.names.iter().filter(|(path, _)| split(path).0 == directory);
        self.durable_names.extend(seen.map(|(path, file)| (path.clone(), *file)));
        self.drop_nameless();
    }

    fn replace(&mut self, path: &str, content: &Bytes) {
        let file = self.create(path);
        self.files.get_mut(&file).expect("just created").content = content.to_vec();
        self.sync(file);
        self.sync_directory(split(path).0);
    }

    pub(super) fn drop_nameless(&mut self) {
        let MemStorage { files, names, durable_names, .. } = self;
        files.retain(|id, file| {
            [&*names, &*durable_names].iter().any(|names| names.get(&file.path) == Some(id))
        });
    }

    fn seen(&self, operation: &'static str, id: FileId) -> Result<&MemFile, StorageError> {
        let file = self.files.get(&id).filter(|file| self.names.get(&file.path) == Some(&id));
        file.ok_or_else(|| failed(operation, &format!("{id:?}"), ErrorKind::NotFound))
    }

    fn seen_mut(&mut self, operation: &'static str, id: FileId) -> Result<&mut MemFile, StorageError> {
        self.seen(operation, id)?;
        Ok(self.files.get_mut(&id).expect("it was just seen"))
    }
}

impl Storage for MemStorage {
    fn open(&mut self, path: &str) -> Result<FileId, StorageError> {
        self.faults.strike("open", path)?;
        Ok(self.names.get(path).copied().unwrap_or_else(|| self.create(path)))
    }

    fn len(&self, file: FileId) -> Result<u64, StorageError> {
        let MemFile { path, content, .. } = self.seen("len", file)?;
        self.faults.strike("len", path)?;
        Ok(content.len() as u64)
    }

    fn read(&self, file: FileId, position: u64, len: usize) -> Result<Bytes, StorageError> {
        let MemFile { path, content, .. } = self.seen("read", file)?;
        self.faults.strike("read", path)?;
        let start = usize::try_from(position).unwrap_or(usize::MAX).min(content.len());
        let end = start.saturating_add(len).min(content.len());
        Ok(Bytes::copy_from_slice(&content[start..end]))
    }

    fn append(&mut self, file: FileId, bytes: &[u8]) -> Result<(), StorageError> {
        let capacity = self.capacity_bytes.unwrap_or(usize::MAX);
        self.faults.strike("append", &self.seen("append", file)?.path)?;
        let file = self.seen_mut("append", file)?;
        let fits = bytes.len().min(capacity.saturating_sub(file.content.len()));
        file.content.extend_from_slice(&bytes[..fits]);
        if fits < bytes.len() { Err(failed("append", &file.path, ErrorKind::StorageFull)) } else { Ok(()) }
    }

    fn truncate(&mut self, file: FileId, len: u64) -> Result<(), StorageError> {
        self.faults.strike("truncate", &self.seen("truncate", file)?.path)?;
        let file = self.seen_mut("truncate", file)?;
        let len = usize::try_from(len).expect("files fit into memory");
        assert!(len <= file.content.len(), "truncating {} to more than it has", file.path);
        let before = file.cut.len().max(file.content.len());
        file.cut.resize(before, None);
        for (old, byte) in file.cut[len..].iter_mut().zip(&file.content[len..]) {
            *old = Some(*byte);
        }
        file.content.truncate(len);
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<(), StorageError> {
        self.faults.strike("remove", path)?;
        self.names.remove(path);
        self.drop_nameless();
        Ok(())
    }

    fn read_file(&self, path: &str) -> Result<Option<Bytes>, StorageError> {
        self.faults.strike("read_file", path)?;
        let content = self.names.get(path).map(|file| &self.files[file].content);
        Ok(content.map(|content| Bytes::copy_from_slice(content)))
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StorageError> {
        self.faults.strike("list", directory)?;
        let inside = self.names.keys().map(|path| split(path)).filter(|(parent, _)| *parent == directory);
        let files = inside.map(|(_, name)| name.to_owned());
        let parents = self.names.keys().map(|path| split(path).0).filter(|parent| !parent.is_empty());
        let directories = parents.filter(|_| directory.is_empty()).map(str::to_owned);
        let names: BTreeSet<String> = files.chain(directories).collect();
        Ok(names.into_iter().collect())
    }
}

/// Directory and name of a path.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_loss_leaves_durable_content_under_durable_names() {
        let mut storage = MemStorage::default();
        let file = storage.open("t-0/a").unwrap();
        storage.append(file, b"one").unwrap();
        let mut nameless = storage.clone();
        nameless.apply(&[FlushStep::File(file)]);
        nameless.lose_unflushed();
        assert_eq!(nameless.list("t-0").unwrap(), Vec::<String>::new(), "the directory was not synced");

        storage.apply(&[FlushStep::File(file), FlushStep::Directory("t-0".into())]);
        storage.append(file, b"two").unwrap();
        storage.open("t-0/b").unwrap();
        storage.lose_unflushed();
        assert_eq!(storage.list("t-0").unwrap(), ["a"]);
        assert_eq!(&storage.read_file("t-0/a").unwrap().unwrap()[..], b"one");
    }

    #[test]
    fn a_removed_file_comes_back_unless_its_directory_was_synced() {
        let mut storage = MemStorage::default();
        let file = storage.open("t-0/a").unwrap();
        storage.append(file, b"old").unwrap();
        storage.apply(&[FlushStep::File(file), FlushStep::Directory("t-0".into())]);
        storage.remove("t-0/a").unwrap();
        assert!(storage.len(file).is_err(), "its id is invalid");
        let mut lost = storage.clone();
        lost.lose_unflushed();
        assert_eq!(&lost.read_file("t-0/a").unwrap().unwrap()[..], b"old");
        storage.apply(&[FlushStep::Directory("t-0".into())]);
        storage.lose_unflushed();
        assert_eq!(storage.read_file("t-0/a").unwrap(), None);
    }

    #[test]
    fn the_root_lists_files_and_directories() {
        let mut storage = MemStorage::default();
        for path in ["t-0/b", "marker", "t-0/a", "s-1/a"] {
            storage.open(path).unwrap();
        }
        assert_eq!(storage.list("").unwrap(), ["marker", "s-1", "t-0"]);
        assert_eq!(storage.list("t-0").unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_replaced_file_is_durable_at_once() {
        let mut storage = MemStorage::default();
        for content in ["1", "2"] {
            storage.apply(&[FlushStep::Replace { path: "c".into(), content: content.into() }]);
        }
        storage.lose_unflushed();
        assert_eq!(&storage.read_file("c").unwrap().unwrap()[..], b"2");
        assert_eq!(storage.list("").unwrap(), ["c"]);
    }
}
