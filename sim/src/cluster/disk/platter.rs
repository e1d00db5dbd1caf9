//! What survives power loss.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use broker_core::time::Timestamp;
use turmoil::fs::shim::std::fs as turmoil_fs;

use crate::cluster::turmoil_platform::simulated_now;

/// A device writes this many bytes as a whole or not at all.
pub(super) const SECTOR_BYTES: u64 = 512;

/// Bytes on the device, one row of them per inode number. A write is durable when it returns.
///
/// The platter knows no lengths and no names: it may hold more bytes of an inode than the file has (a truncation that
/// the disk remembers), and rows of inodes that nothing leads to.
pub trait Platter {
    /// Writes all of `bytes`, growing the row if need be.
    fn write_at(&mut self, inode: u64, position: u64, bytes: &[u8]) -> io::Result<()>;
    /// Fills `buf`. Bytes that were never written are an error: the disk never asks for them.
    fn read_at(&self, inode: u64, position: u64, buf: &mut [u8]) -> io::Result<()>;
    /// Frees the row; it is not an error if there is none.
    fn remove(&mut self, inode: u64) -> io::Result<()>;
    /// The device's time, which never goes back: simulated time, not what the host's clock shows.
    fn now(&self) -> Timestamp;
}

/// The platter in turmoil's files of the current host, which survive `Sim::crash` because each write is synced.
///
/// Every call must come from within the host's own future: turmoil finds the host by asking who runs.
///
/// It stays clear of what turmoil's files cannot do (truncation survives no crash, a renamed file loses writes through
/// old descriptors): a row only ever grows, until it is removed. Nothing is kept open either: dropping an open file
/// while no host runs panics, and opening costs one look-up as long as nothing is pending.
#[derive(Debug)]
pub struct TurmoilPlatter(());

const DIRECTORY: &str = "/platter";

impl TurmoilPlatter {
    /// The platter of the host that runs, as the last process left it.
    pub fn of_current_host() -> io::Result<TurmoilPlatter> {
        if !turmoil_fs::exists(DIRECTORY) {
            turmoil_fs::create_dir(DIRECTORY)?;
            turmoil_fs::sync_dir("/")?;
        }
        Ok(TurmoilPlatter(()))
    }
}

impl Platter for TurmoilPlatter {
    fn write_at(&mut self, inode: u64, position: u64, bytes: &[u8]) -> io::Result<()> {
        let path = row_path(inode);
        let is_new = !turmoil_fs::exists(&path);
        let file = turmoil_fs::OpenOptions::new().write(true).create(true).open(&path)?;
        file.write_all_at(bytes, position)?;
        file.sync_all()?;
        if is_new {
            turmoil_fs::sync_dir(DIRECTORY)?;
        }
        Ok(())
    }

    fn read_at(&self, inode: u64, position: u64, buf: &mut [u8]) -> io::Result<()> {
        let file = turmoil_fs::OpenOptions::new().read(true).open(row_path(inode))?;
        file.read_exact_at(buf, position)
    }

    fn remove(&mut self, inode: u64) -> io::Result<()> {
        let path = row_path(inode);
        if turmoil_fs::exists(&path) {
            turmoil_fs::remove_file(&path)?;
            turmoil_fs::sync_dir(DIRECTORY)?;
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        simulated_now()
    }
}

fn row_path(inode: u64) -> String {
    format!("{DIRECTORY}/{inode}")
}

/// A platter in memory, for tests without turmoil. Clones are the same platter, as a device is the same before and
/// after a crash.
#[derive(Clone, Debug, Default)]
pub struct MemPlatter {
    rows: Rc<RefCell<BTreeMap<u64, Vec<u8>>>>,
    now: Rc<Cell<Timestamp>>,
}

impl MemPlatter {
    /// How many inodes have bytes here.
    pub fn rows(&self) -> usize {
        self.rows.borrow().len()
    }

    /// It is this time from now on.
    pub fn set_now(&self, now: Timestamp) {
        self.now.set(now);
    }
}

impl Platter for MemPlatter {
    fn write_at(&mut self, inode: u64, position: u64, bytes: &[u8]) -> io::Result<()> {
        let mut rows = self.rows.borrow_mut();
        let row = rows.entry(inode).or_default();
        let from = usize::try_from(position).map_err(io::Error::other)?;
        let to = from + bytes.len();
        row.resize(row.len().max(to), 0);
        row[from..to].copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, inode: u64, position: u64, buf: &mut [u8]) -> io::Result<()> {
        let rows = self.rows.borrow();
        let row = rows.get(&inode).ok_or(io::ErrorKind::NotFound)?;
        let from = usize::try_from(position).map_err(io::Error::other)?;
        let bytes = row.get(from..from + buf.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }

    fn remove(&mut self, inode: u64) -> io::Result<()> {
        self.rows.borrow_mut().remove(&inode);
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.now.get()
    }
}
