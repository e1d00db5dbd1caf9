//! Names of files and directories.

use std::collections::BTreeMap;

use super::inode::InodeNumber;
use super::path::DiskPath;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A directory of the root.
    Directory,
    /// A file.
    File(InodeNumber),
}

/// One view of the names: what the process sees, or what the platter has.
///
/// Invariants:
/// * the root `""` is always there;
/// * only the root has directories in it.
#[derive(Clone, Debug)]
pub(super) struct Namespace {
    directories: BTreeMap<String, BTreeMap<String, Entry>>,
}

impl Namespace {
    /// An empty root.
    pub(super) fn new() -> Namespace {
        Namespace { directories: BTreeMap::from([(String::new(), BTreeMap::new())]) }
    }

    /// What `path` stands for.
    pub(super) fn get(&self, path: &DiskPath) -> Option<Entry> {
        self.entries(&path.directory)?.get(&path.name).copied()
    }

    /// Why there is nothing in a directory: because it, or what it is in, is a file.
    pub(super) fn is_file(&self, directory: &str) -> bool {
        let parent = directory.split_once('/').map_or(directory, |(parent, _)| parent);
        let get = |path| self.get(&DiskPath::parse("find", path).ok()?);
        [parent, directory].into_iter().any(|path| matches!(get(path), Some(Entry::File(_))))
    }

    /// What is in a directory, sorted by name; `None` if it is not there.
    pub(super) fn entries(&self, directory: &str) -> Option<&BTreeMap<String, Entry>> {
        self.directories.get(directory)
    }

    /// Gives a name a meaning and returns the former one. Room for the directory's content is made, but the
    /// directory's own name is left alone: it belongs to the root.
    pub(super) fn set(&mut self, path: &DiskPath, entry: Option<Entry>) -> Option<Entry> {
        if entry == Some(Entry::Directory) {
            assert!(path.directory.is_empty(), "directory {path} below a directory");
            self.directories.entry(path.name.clone()).or_default();
        }
        let entries = self.directories.entry(path.directory.clone()).or_default();
        match entry {
            Some(entry) => entries.insert(path.name.clone(), entry),
            None => entries.remove(&path.name),
        }
    }

    /// Forgets the content of directories that the root does not name: nothing leads there.
    pub(super) fn forget_unreachable(&mut self) {
        let root = self.directories.get("").expect("the root is always there").clone();
        self.directories.retain(|name, _| name.is_empty() || root.get(name) == Some(&Entry::Directory));
    }

    /// All names with their paths.
    pub(super) fn all(&self) -> impl Iterator<Item = (DiskPath, Entry)> {
        self.directories.iter().flat_map(|(directory, entries)| {
            entries.iter().map(|(name, entry)| (DiskPath::within(directory, name), *entry))
        })
    }

    /// All files with their paths.
    pub(super) fn files(&self) -> impl Iterator<Item = (DiskPath, InodeNumber)> {
        self.all().filter_map(|(path, entry)| match entry {
            Entry::File(inode) => Some((path, inode)),
            Entry::Directory => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_of_an_unnamed_directory_is_unreachable() {
        let mut names = Namespace::new();
        let file = DiskPath::within("orders-0", "a.log");
        names.set(&file, Some(Entry::File(1)));
        assert_eq!(names.get(&file), Some(Entry::File(1)));
        let mut reachable = names.clone();
        reachable.set(&DiskPath::within("", "orders-0"), Some(Entry::Directory));

        names.forget_unreachable();
        reachable.forget_unreachable();
        assert_eq!(names.files().count(), 0);
        assert_eq!(reachable.files().collect::<Vec<_>>(), [(file, 1)]);
    }
}
