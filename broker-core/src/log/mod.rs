//! The log of a topic partition: batches in segment files, and what a broker must know about them.
//!
//! A log is bytes in the page cache. Appending and reading are synchronous; only flushing is not, and what is durable is
//! all that a power loss leaves:
//!
//! ```text
//!   orders-0/                            0 ┈┈┈┈┈┈┈┈ 57 ─────────────── 118 ────────── 131
//!     00000000000000000000.log           (deleted)
//!     00000000000000000057.log                      [batch][batch][batch]
//!     00000000000000000057.snapshot                 ▲ producer state here
//!     00000000000000000118.log                                         [batch][batch]  ◄── active segment
//!     00000000000000000118.snapshot                                    ▲
//!     leader-epoch-checkpoint                       log start          recovery point  log end offset
//!                                                   └──── durable ─────┴─ page cache ──┘
//!   log-start-offset-checkpoint          orders 0 57
//!   recovery-point-offset-checkpoint     orders 0 118
//!   replication-offset-checkpoint        high watermarks
//! ```
//!
//! Terms:
//!
//! * **Segment**: one file of whole batches, named after its first offset. The last one is active.
//! * **Log start**: what is below is no longer part of the log. It moves first, becomes durable in its checkpoint, and then
//!   the segments wholly below it are deleted. Those that a power loss brings back are deleted again at open.
//! * **Recovery point**: everything from the log start to here was flushed. Opening after an unclean stop distrusts
//!   everything above it.
//! * **Countable end**: what replication may count. It lags behind the log end only while `flush.messages` has a flush
//!   under way that Kafka would wait for inside the append.
//! * **Acknowledgeable end**: what a leader may answer for. The log end, with group commit the recovery point.
//! * **Damage**: a batch that is not as it was written, or missing, where the log had to be whole. A **damage note** beside
//!   the log says so until others have repaired it.
//! * **Leader epoch cache**: which leader epoch wrote from which offset on; decides where two logs part.
//! * **Producer state**: the last five batches of each idempotent producer; recognises duplicates.
//! * **Producer snapshot**: the producer state below one offset, in a file: written with the flush of each roll and at a
//!   clean shutdown, after the batches it tells of. Opening and truncating begin with the newest at or below the end.
//!
//! Reading order: `partition_log` (the whole), `segment` with `file_name`, `index`, `header` and `scan`, then `epoch_cache`,
//! `producer_state` with `producer_snapshot`, `flush`, `truncation`, `retention`, and last `recovery` with `torn`,
//! `checkpoint` and `damage` (how it all comes back, or does not).
//!
//! Architecture invariants: the log does not know whether it is a leader's, has no high watermark and no clock: both are
//! arguments. What it derives from batches and stores - leader epochs, snapshots - is never believed against them.
//!
//! Left out, compared with Kafka: retention by time, deletion of records on demand, deletion of the active segment, delayed
//! deletion of files, compaction, time index, index files, transactions, moving logs between directories. Opening reads
//! every header, where Kafka trusts index files.

mod checkpoint;
#[cfg(test)]
mod crash_tests;
mod damage;
mod epoch_cache;
mod file_name;
mod flush;
#[cfg(test)]
mod fuzz_tests;
mod header;
mod index;
#[cfg(test)]
mod model_tests;
mod partition_log;
mod producer_snapshot;
mod producer_state;
mod recovery;
mod retention;
#[cfg(test)]
mod rot_tests;
mod scan;
mod segment;
mod torn;
mod truncation;

pub use checkpoint::{
    CheckpointError, HIGH_WATERMARK_CHECKPOINT, LOG_START_CHECKPOINT, OffsetCheckpoint,
    RECOVERY_POINT_CHECKPOINT,
};
pub use damage::DamageNote;
pub use epoch_cache::{EpochEnd, EpochStart, LeaderEpochCache};
pub use flush::FlushPlan;
pub use partition_log::{Appended, Log, LogConfig};
pub use producer_state::{ProducerStateManager, SequenceCheck};
pub use recovery::{Opening, RecoveryReport};
