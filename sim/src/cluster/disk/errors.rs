//! Errors as Linux would give them.

use std::io;

use broker_core::error::StorageError;

/// No such file or directory.
pub(super) const ENOENT: i32 = 2;
/// Input/output error: what a failing device reports.
pub(super) const EIO: i32 = 5;
/// Bad file descriptor.
pub(super) const EBADF: i32 = 9;
/// Not a directory.
pub(super) const ENOTDIR: i32 = 20;
/// Is a directory.
pub(super) const EISDIR: i32 = 21;
/// Invalid argument.
pub(super) const EINVAL: i32 = 22;
/// No space left on device.
pub(super) const ENOSPC: i32 = 28;

/// `operation` on `path` failed with `errno`.
pub(super) fn os_error(operation: &'static str, path: &str, errno: i32) -> StorageError {
    StorageError {
        operation,
        path: path.to_owned(),
        kind: io::Error::from_raw_os_error(errno).kind(),
        errno: Some(errno),
    }
}

/// The platter failed. Whatever has no error number of its own (turmoil's errors) is what a broken device gives: EIO.
pub(super) fn platter_error(operation: &'static str, path: &str, error: &io::Error) -> StorageError {
    os_error(operation, path, error.raw_os_error().unwrap_or(EIO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_number_agree() {
        assert_eq!(os_error("open", "a", ENOENT).kind, io::ErrorKind::NotFound);
        assert_eq!(os_error("open", "a", EISDIR).kind, io::ErrorKind::IsADirectory);
        assert_eq!(os_error("open", "a", ENOTDIR).kind, io::ErrorKind::NotADirectory);
        assert_eq!(os_error("truncate", "a", EINVAL).kind, io::ErrorKind::InvalidInput);
        assert_eq!(os_error("append", "a", ENOSPC).kind, io::ErrorKind::StorageFull);
        let unnumbered = io::Error::other("turmoil says so");
        assert_eq!(platter_error("sync", "a", &unnumbered).errno, Some(EIO));
    }
}
