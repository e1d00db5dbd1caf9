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
//!   kernel    │ volatile names, dirty tails of files, phantoms        │  survives a kill, dies with the power
//!             │ - - - - - - - - - - - - - - - - - - - - - - - - - - - │
//!   device    │ what it lied about                    queue of flushes│  dies with the power
//!             │ durable names, durable lengths, rot                   │  survive both
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
//! With background write-back (`write_back_after`) pages and names that are old enough become durable without any flush.
//!
//! # A power loss
//!
//! What was dirty may have been on its way to the platter, asked for or not. [`Unsynced`] says how much of it the device
//! had written: nothing; of each file the sectors up to some point (`Torn`); or any sectors, and between them zeros or
//! what was there before (`Reordered`). Then each name that came or went since its directory was flushed is in the journal
//! or not, each for itself, and a `Replace` under way has come as far as its rename or not. What was durable before is
//! durable after, always. What survives is drawn when the power goes and written when the next process mounts the disk:
//! only a process reaches turmoil's files.
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
//! calls fsync again; here only the next fsync, or write-back, does. Write-back that fails is told to the next fsync of the
//! file, once.
//!
//! `Directory` fails without a trace: the names stay as they were, and may be tried again. This is kinder than ext4 and
//! XFS: there a name is in the journal, and a journal that cannot be written is aborted; the file system is read-only or
//! shut down from then on. `Replace` fails without a trace too, or after its rename: then the process has the new content,
//! and a power loss brings the old one back.
//!
//! # A flush that lies
//!
//! The device says yes and keeps the bytes in a cache of its own, which forgets when the power goes; a kill shows nothing.
//! A flush that does not lie, of whatever file, empties that cache, as FLUSH CACHE does. At a power loss what is in it may
//! survive as dirty pages may.
//!
//! # What takes time
//!
//! Flush steps, one after the other; reads of what is not in memory since the power came back, in chunks of 64 KiB; and
//! appends, if the disk says so. The node's calls are synchronous and see no time pass: they are done at once, and the
//! driver lets the process stand still for as long ([`HostDisk::busy_until`]). A stalled device finishes no flush and no
//! read; appends go on.
//!
//! # What else goes wrong
//!
//! Reads and appends fail (EIO); a disk is full (ENOSPC): of an append the part that fits is there, a `Replace` needs room
//! for both contents. What counts is the sum of the lengths of all files that the process sees. Bits of bytes at rest turn
//! over, and stay so until somebody writes the byte anew: the page cache gives up clean pages at any time, so rot shows
//! at once. Each fault is a [`DiskFault`] with a number, or [`BitRot`], and says what it did.
//!
//! # Terms
//!
//! * **dirty**: in the page cache, and not on the platter; the next flush writes it. Always a tail of the file, as files are
//!   only appended to and truncated.
//! * **unwritten**: taken for clean by the kernel, and not on the platter: *phantom* bytes of a flush that failed, *lied*
//!   bytes of one that lied.
//! * **unsaved**: all of these, what a power loss may take.
//! * **volatile, durable names**: what the process sees; what a process after power loss would see.
//! * **row**: the bytes that the platter has for one inode number. Lengths and names are not on the platter: the
//!   [`DiskHandle`] outlives every crash and keeps them.
//!
//! # Reading order
//!
//! [`platter`], `dirty`, `unwritten`, `rot`, `inode`, `namespace`; [`fault`] and `faults`, `queue`, `device`, `names`; then
//! the two sides: [`host`], [`flush`], `write_back`, `lies` (process), and [`power`], `outage`, `survivors` (harness).
//! `marks` and `statistics` keep count, `peek` lets the harness look; `path`, `pattern`, `cold` and `errors` are small change.
//!
//! # What it leaves out
//!
//! * Pages that are dropped from the cache without a power loss: a phantom lives until then.
//! * What the platter has beyond a truncation where an fsync failed: after the next fsync it is zeros, whatever was there.
//! * Sectors that are written in part, misdirected writes and lost writes other than by a lie: the first no device does, of
//!   the others bit rot and lies are the nearest.
//! * A flush of several steps takes effect when the last one is done: a power loss in the middle finds none of them done,
//!   but for a first `Replace`. What was flushed of a file that was removed before the flush ended is lost, also where a
//!   power loss brings the name back; so is, of a removed file, what a lie was about.
//! * EIO of opening, listing and truncating; ENOSPC for names and by blocks instead of bytes.
//! * Write-back of a truncation of a file that is clean otherwise; pages written back early because memory is scarce.
//! * Hard links, permissions, directories in directories, removal of directories: the broker needs none.

pub mod device;
pub mod fault;
pub mod flush;
pub mod host;
pub mod platter;
pub mod power;
pub mod rewind;

mod cold;
mod dirty;
mod errors;
mod faults;
mod inode;
mod lies;
mod marks;
mod names;
mod namespace;
mod outage;
mod path;
mod pattern;
mod peek;
mod queue;
mod rot;
mod statistics;
mod survivors;
mod unwritten;
mod write_back;

#[cfg(test)]
mod tests;

pub use device::{DiskConfig, DiskStats};
pub use fault::{BitRot, DiskEffect, DiskFault, Latency, RotPlace, Rotten, Unsynced};
pub use flush::FlushTicket;
pub use host::HostDisk;
pub use pattern::FilePattern;
pub use platter::{MemPlatter, Platter, TurmoilPlatter};
pub use power::{DiskHandle, LostLog, PowerLoss, Wiped};
pub use queue::OperationId;
pub use rewind::DiskImage;
pub use statistics::{DiskHistory, PowerLossCounts, Series};
