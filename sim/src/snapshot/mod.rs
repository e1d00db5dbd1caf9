//! What judges of state see: every broker, every replica, the controller, and what changed last.
//!
//! ```text
//!   cluster ──(a node has handled an input, a process began or ended)──► ClusterSnapshot + Change ──► Observer: oracles
//! ```
//!
//! * **Volatile** is what a process has in memory: role, leader epoch, ISR, high watermark, log start, log end. It is gone when
//!   the process is. **Durable** is what its disk has told it to be safe: [`ReplicaSnapshot::durable_end`]. Between them
//!   stands the page cache, which a killed process leaves behind: [`ReplicaSnapshot::records`] is what a process reads there.
//! * A snapshot is one value that is kept up to date, and not taken anew: a [`Change`] says what is different.
//! * Records are known by their batches - where they are, of which leader epoch, with which checksum - as the bytes on the
//!   disk say, not as the broker does.
//!
//! Reading order: [`records`], [`replica`], [`cluster`], [`change`].
//!
//! Left out: producer state, epoch caches, what is in flight between nodes, clients.
//!
//! Architecture invariant: plain values. Nothing here reaches a node, and no judge can change what it sees.

pub mod change;
pub mod cluster;
pub mod records;
pub mod replica;

pub use change::{Change, Observation, Observer, Unobserved};
pub use cluster::{BrokerSnapshot, ClusterSnapshot, PartitionSnapshot};
pub use records::{BatchFacts, Records};
pub use replica::{ReplicaBefore, ReplicaSnapshot};
