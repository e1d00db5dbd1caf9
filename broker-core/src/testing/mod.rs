//! In-memory storage and batches for tests of this crate and of whoever drives it.
//!
//! [`MemStorage`] knows two truths about every file, as a disk behind a page cache does: what a reader sees now, and
//! what is durable. Between the two lies what a power loss may leave:
//!
//! ```text
//!   durable ──┬── lost:      nothing more
//!             ├── torn:      of each file the sectors up to some point more, any names more
//!             └── reordered: any sectors more, zeros or older bytes between them, any length, any names more
//! ```
//!
//! Reading order: `storage`, then `faults` (operations that fail), `power` (what a power loss leaves), `batches`.
//!
//! Left out: time. Nothing here is slow; the simulator has its own disk.

mod batches;
mod faults;
mod power;
mod storage;

pub use batches::{batch, idempotent_batch};
pub use power::{Draws, PowerLoss};
pub use storage::{MemStorage, SharedStorage};
