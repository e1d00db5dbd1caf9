//! The log of a topic partition: batches in segment files, and what a broker must know about them.
//!
//! A log is bytes in the page cache. Appending and reading are synchronous; only flushing is not, and what is durable is
//! all that a power loss leaves:
//!
//! ```text
//!   orders-0/                          0 ───────── 57 ─────────────── 118 ────────── 131
//!     00000000000000000000.log         [batch][batch]
//!     00000000000000000057.log                     [batch][batch][batch]
//!     00000000000000000118.log                                       [batch][batch]  ◄── active segment
//!     leader-epoch-checkpoint          start                         recovery point  log end offset
//!                                      └───────── durable ───────────┴─ page cache ──┘
//! ```
//!
//! Terms:
//!
//! * **Segment**: one file of whole batches, named after its first offset. The last one is active.
//! * **Recovery point**: everything below was flushed. Opening after an unclean stop distrusts everything above it.
//! * **Countable end**: what replication may count. It lags behind the log end only while `flush.messages` has a flush
//!   under way that Kafka would wait for inside the append.
//! * **Acknowledgeable end**: what a leader may answer for. The log end, with group commit the recovery point.
//! * **Damage**: a batch that is not as it was written, or missing, where the log had to be whole. A **damage note** beside
//!   the log says so until others have repaired it.
//! * **Leader epoch cache**: which leader epoch wrote from which offset on; decides where two logs part.
//! * **Producer state**: the last five batches of each idempotent producer; recognises duplicates.
//!
//! Reading order: `partition_log` (the whole), `segment` with `index`, `header` and `scan`, then `epoch_cache`,
//! `producer_state`, `flush`, and last `recovery`, `checkpoint` and `damage` (how it all comes back, or does not).
//!
//! Architecture invariants: the log does not know whether it is a leader's, has no high watermark and no clock. Nothing
//! it derives from the batches is stored but leader epochs; the rest is rebuilt at open.
//!
//! Left out, compared with Kafka: retention and compaction (the start never moves), time index, index files, producer
//! snapshots and expiry (the state is replayed from all headers), transactions, deletion in the background, moving logs
//! between directories. Opening reads every header, where Kafka trusts index and snapshot files.

mod checkpoint;
mod damage;
mod epoch_cache;
mod flush;
#[cfg(test)]
mod fuzz_tests;
mod header;
mod index;
mod partition_log;
mod producer_state;
mod recovery;
mod scan;
mod segment;

pub use checkpoint::{
    CheckpointError, HIGH_WATERMARK_CHECKPOINT, OffsetCheckpoint, RECOVERY_POINT_CHECKPOINT,
};
pub use damage::DamageNote;
pub use epoch_cache::{EpochEnd, EpochStart, LeaderEpochCache};
pub use flush::FlushPlan;
pub use partition_log::{Appended, Log, LogConfig};
pub use producer_state::{ProducerStateManager, SequenceCheck};
pub use recovery::{Opening, RecoveryReport};
