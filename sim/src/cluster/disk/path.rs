//! Names of files as the broker gives them.

use std::fmt;

use broker_core::error::StorageError;

use super::errors::{EINVAL, os_error};

/// A relative path of a file: a name, in the root or in one directory below it.
///
/// Invariants:
/// * `directory` is `""` (the root) or one component;
/// * `name` is one component;
/// * a component is not empty, not `.` or `..`, and has no `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DiskPath {
    /// `""` is the root.
    pub(super) directory: String,
    /// Name within the directory.
    pub(super) name: String,
}

impl DiskPath {
    /// EINVAL for anything else than `name` or `directory/name`.
    pub(super) fn parse(operation: &'static str, path: &str) -> Result<DiskPath, StorageError> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let below_root = path.contains('/');
        if !is_component(name) || (below_root && !is_component(directory)) {
            return Err(os_error(operation, path, EINVAL));
        }
        Ok(DiskPath { directory: directory.to_owned(), name: name.to_owned() })
    }

    /// Whether it is a segment of a log.
    pub(super) fn is_segment(&self) -> bool {
        self.name.ends_with(".log")
    }

    /// A name within a directory that exists.
    pub(super) fn within(directory: &str, name: &str) -> DiskPath {
        DiskPath { directory: directory.to_owned(), name: name.to_owned() }
    }
}

impl fmt::Display for DiskPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.directory.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.directory, self.name)
        }
    }
}

fn is_component(text: &str) -> bool {
    !text.is_empty() && text != "." && text != ".." && !text.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_level_of_directories() {
        for path in ["meta.properties", "orders-0/00000000000000000000.log"] {
            assert_eq!(DiskPath::parse("open", path).unwrap().to_string(), path);
        }
        for path in ["", "/", "/a", "a/", "a/b/c", "..", "../a", "a/..", ".", "a//b"] {
            let error = DiskPath::parse("open", path).unwrap_err();
            assert_eq!((error.errno, error.path.as_str()), (Some(EINVAL), path));
        }
    }
}
