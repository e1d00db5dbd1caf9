//! The simulated disk: what a process wrote, what the kernel keeps, and what survives.
//!
//! A process that appends to a file has told the kernel, not the disk. Whoever forgets the difference loses data when
//! the power fails, and finds out in production. Here the difference is three layers, each with its own way to die:
//!
//! ```text
//!                  Storage::append, read          start_flush … finish_flush
//!   process   ┌──────────┴─────────────────────────────────┴──────────┐
//!             │ HostDisk      open files, flushes under way           │  dies with a kill
//!             ├───────────────────────────────────────────────────────┤
//!   kernel    │ volatile names, dirty tails of files                  │  survives a kill, dies with the power
//!             │ - - - - - - - - - - - - - - - - - - - - - - - - - - - │
//!   device    │ durable names, durable lengths        queue of flushes│  survive both
//!             └──────────┬────────────────────────────────────────────┘
//!                        │ Platter: bytes                                 survive both
//!                turmoil's files of the host
//! ```
//!
//! The harness holds a [`DiskHandle`] for each host. A process that starts gets a [`HostDisk`] from it, which is the
//! broker's `Storage`. A *kill* drops the process's future and nothing else: the page cache is part of the handle. A
//! *power loss* is a kill followed by [`DiskHandle::power_loss`], which says what was lost.
//!
//! # What becomes durable when
//!
//! | flush step | durable afterwards |
//! |---|---|
//! | `File` | content and length, of what was there when the flush started; not the name of a new file |
//! | `Directory` | names in it that were there when the flush started, and removals; not its own name, which the root has |
//! | `Replace` | the new content under the name, at once; and, as its directory is synced, the other names in it |
//!
//! This is POSIX read strictly: ext4 and XFS promise more, and a broker that needs more is not safe everywhere. A
//! truncation is volatile too: power loss before the next flush of the file brings the old bytes back, also where new
//! ones were appended over them.
//!
//! Until a `Replace` ends the old content stays visible; it needs the directory to be there (ENOENT). Files that were
//! open under the name are closed by it (EBADF), as they are by `remove`.
//!
//! # A flush that fails
//!
//! The model is ext4 with `data=ordered` and `data_err=ignore`, its defaults, when a block of data cannot be written (Rebello
//! et al., "Can Applications Recover from fsync Failures?", ATC 2020; the PostgreSQL wiki has the story as "fsyncgate"). The
//! kernel tried, reports EIO to this fsync, and marks the pages clean all the same. Their content stays in the page cache
//! as long as memory allows, and shows what the process wrote, also to the process that comes after it; the platter never
//! got it. (XFS does so too; Btrfs goes back to what it had before.) The next fsync finds nothing to do for these pages and
//! succeeds. Then the length is durable, and where they should be stands what nobody wrote: here zeros; on a real disk
//! perhaps what the block held before. Hence no retry can help, and even a restart reads what is not there: only what the
//! process writes anew is saved. ext4 may make the new length durable with a later commit of its journal even if nobody
//! calls fsync again; here only the next fsync does.
//!
//! `Directory` and `Replace` fail without a trace: the names stay as they were, and may be tried again. This is kinder than
//! ext4 and XFS: there a name is in the journal, and a journal that cannot be written is aborted; the file system is
//! read-only or shut down from then on.
//!
//! # Terms
//!
//! * **dirty**: in the page cache and not on the platter. Always a tail of the file, as files are only appended to and
//!   truncated.
//! * **phantom**: in the page cache, marked clean by a flush that failed, and not on the platter.
//! * **volatile, durable names**: what the process sees; what a process after power loss would see.
//! * **row**: the bytes that the platter has for one inode number. Lengths and names are not on the platter: the
//!   [`DiskHandle`] outlives every crash and keeps them.
//!
//! # Reading order
//!
//! [`platter`], `dirty`, `phantom`, `inode`, `namespace`, [`faults`], `device`; then the two sides: [`power`] (harness) and [`host`], [`flush`]
//! (process). `path` and `errors` are small change.
//!
//! # What it leaves out
//!
//! * Faults: torn and reordered write-back, bit rot, EIO of reads and appends, a full disk, lying fsync, stalls. Their
//!   place: each is a `DiskFault`, and `Faults` is asked where it acts: for the time of a flush in `Disk::occupy`, for
//!   its end in `HostDisk::finish_flush`, for reads and appends in `HostDisk`; for what happens to dirty bytes when the
//!   power goes in `DiskHandle::power_loss`, which has every dirty extent with its position, but not the platter: what
//!   was torn is written by the next mount.
//! * Pages that are dropped from the cache without a power loss: a phantom lives until then.
//! * What the platter has beyond a truncation where an fsync failed: after the next fsync it is zeros, whatever was there.
//! * Background write-back: only flushes reach the platter, so a power loss takes as much as it possibly can.
//! * The time of reads and appends: they take none. Only flushes queue.
//! * Memory pressure, hard links, permissions, directories in directories, removal of directories: the broker needs none.

pub mod device;
pub mod faults;
pub mod flush;
pub mod host;
pub mod platter;
pub mod power;
pub mod rewind;

mod cold;
mod dirty;
mod errors;
mod inode;
mod lies;
mod marks;
mod namespace;
mod outage;
mod path;
mod pattern;
mod queue;
mod rot;
mod statistics;
mod survivors;
mod unwritten;
mod write_back;

#[cfg(test)]
mod tests;

pub use device::{DiskConfig, DiskStats};
pub use faults::{BitRot, DiskEffect, DiskFault, Latency, RotPlace, Rotten, Unsynced};
pub use flush::FlushTicket;
pub use host::HostDisk;
pub use pattern::FilePattern;
pub use platter::{MemPlatter, Platter, TurmoilPlatter};
pub use power::{DiskHandle, LostLog, PowerLoss, Wiped};
pub use queue::OperationId;
pub use rewind::DiskImage;
pub use statistics::{DiskHistory, PowerLossCounts, Series};
