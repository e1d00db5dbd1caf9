//! Operations that fail: those of a kind on some files, or all of them from some moment on.

use std::cell::Cell;
use std::io::ErrorKind;

use super::MemStorage;
use crate::error::StorageError;

const EIO: i32 = 5;

/// What is wrong with a [`MemStorage`].
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// Operations and parts of paths that fail together.
    broken: Vec<(&'static str, String)>,
    /// How many operations still work, if not all of them.
    left: Option<Cell<u64>>,
    done: Cell<u64>,
}

impl Faults {
    /// An operation begins: may it go on?
    pub fn strike(&self, operation: &'static str, path: &str) -> Result<(), StorageError> {
        self.done.set(self.done.get() + 1);
        let broken = |(what, part): &(&'static str, String)| *what == operation && path.contains(part);
        let mut fails = self.broken.iter().any(broken);
        if let Some(left) = &self.left {
            fails = fails || left.get() == 0;
            left.set(left.get().saturating_sub(1));
        }
        if fails {
            Err(StorageError { errno: Some(EIO), ..failed(operation, path, ErrorKind::Other) })
        } else {
            Ok(())
        }
    }
}

impl MemStorage {
    /// From now on this operation, named as in [`StorageError::operation`], fails on files whose path has this part.
    pub fn fail(&mut self, operation: &'static str, path_part: &str) {
        self.faults.broken.push((operation, path_part.to_owned()));
    }

    /// So many more operations work, and then none does: to a process it is as if it died there.
    pub fn fail_after(&mut self, operations: u64) {
        self.faults.left = Some(Cell::new(operations));
    }

    /// Everything works again.
    pub fn heal(&mut self) {
        self.faults = Faults::default();
    }

    /// Operations begun since the last [`MemStorage::heal`].
    pub fn operations(&self) -> u64 {
        self.faults.done.get()
    }
}

pub(super) fn failed(operation: &'static str, path: &str, kind: ErrorKind) -> StorageError {
    StorageError { operation, path: path.to_owned(), kind, errno: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::Storage;

    #[test]
    fn what_is_broken_fails_until_it_is_healed() {
        let mut storage = MemStorage::default();
        let file = storage.open("t-0/a").unwrap();
        storage.fail("append", "t-0");
        let error = storage.append(file, b"x").unwrap_err();
        assert_eq!((error.operation, error.path.as_str(), error.errno), ("append", "t-0/a", Some(EIO)));
        assert_eq!(storage.len(file), Ok(0));
        storage.heal();
        storage.append(file, b"x").unwrap();
    }

    #[test]
    fn after_so_many_operations_nothing_works() {
        let mut storage = MemStorage::default();
        storage.fail_after(2);
        let file = storage.open("a").unwrap();
        storage.append(file, b"x").unwrap();
        assert!(storage.read(file, 0, 1).is_err() && storage.list("").is_err());
        assert_eq!(storage.operations(), 4);
    }
}
