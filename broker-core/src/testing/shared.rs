//! Storage that a node owns and its test can still reach.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;

use super::MemStorage;
use crate::error::StorageError;
use crate::io::{FileId, FlushStep, Storage};

/// A handle to a [`MemStorage`]. Clones are handles to the same files, so that a test can flush what its node wrote,
/// and give the files to the node's next process.
#[derive(Clone, Debug, Default)]
pub struct SharedStorage(Rc<RefCell<MemStorage>>);

impl SharedStorage {
    /// Makes `steps` durable, in order.
    pub fn apply(&self, steps: &[FlushStep]) {
        self.0.borrow_mut().apply(steps);
    }

    /// The power fails: only what was made durable is left.
    pub fn lose_unflushed(&self) {
        self.0.borrow_mut().lose_unflushed();
    }
}

impl Storage for SharedStorage {
    fn open(&mut self, path: &str) -> Result<FileId, StorageError> {
        self.0.borrow_mut().open(path)
    }

    fn len(&self, file: FileId) -> Result<u64, StorageError> {
        self.0.borrow().len(file)
    }

    fn read(&self, file: FileId, position: u64, len: usize) -> Result<Bytes, StorageError> {
        self.0.borrow().read(file, position, len)
    }

    fn append(&mut self, file: FileId, bytes: &[u8]) -> Result<(), StorageError> {
        self.0.borrow_mut().append(file, bytes)
    }

    fn truncate(&mut self, file: FileId, len: u64) -> Result<(), StorageError> {
        self.0.borrow_mut().truncate(file, len)
    }

    fn remove(&mut self, path: &str) -> Result<(), StorageError> {
        self.0.borrow_mut().remove(path)
    }

    fn read_file(&self, path: &str) -> Result<Option<Bytes>, StorageError> {
        self.0.borrow().read_file(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StorageError> {
        self.0.borrow().list(directory)
    }
}
