//! Judges of the history, at the end of a run: what did clients see that no correct broker would show them?
//!
//! ```text
//! History ──► HistoryIndex ──┬─► lost_write            acknowledged or read, and now gone
//!  (built once, sorted once) ├─► duplicate             one message at two offsets
//!                            ├─► inconsistent_offsets  two messages at one offset
//!                            ├─► nonmonotonic_send     sent in one order, logged in another
//!                            ├─► g1a                   read, though its send failed
//!                            └─► phantom               read, though never sent there
//!                                       └──► Checks: violations, and what could not be judged
//! ```
//!
//! The anomalies and their names are those of Jepsen's Kafka workload (`jepsen.tests.kafka`); G1a is Adya's name for an
//! aborted read. A checker says what the history shows, not what the settings allow: a producer without idempotence
//! that writes a message twice has made a duplicate. Whether that was to be expected is for the scenario to say.
//!
//! One fault may show as several anomalies: a log that loses its tail and is written again has lost writes and also
//! inconsistent offsets, for the same offset was promised to two messages. The lost writes come first.
//!
//! Reading order: [`anomaly`] (what a checker returns), [`index`], [`lost_write`], the others, [`all`].
//!
//! What it leaves out: `unseen`, `poll-skip` and `nonmonotonic-poll`; transactions; retention (nothing may be deleted,
//! so every final read starts at offset 0); reads of a message before it was sent.
//!
//! Architecture invariant: checkers see the history alone. They never import the nemesis, the workload, the scenario or
//! the cluster.

pub mod all;
pub mod anomaly;
pub mod duplicate;
pub mod g1a;
pub mod inconsistent_offsets;
pub mod index;
pub mod lost_write;
pub mod nonmonotonic_send;
pub mod phantom;

#[cfg(test)]
mod damage;
#[cfg(test)]
mod testing;

pub use all::{Checks, check_all};
pub use anomaly::{Anomaly, Bearing, Checked, Contract, MessageRef, SeenAt, Violation};
pub use index::{HistoryIndex, Malformed, Outcome, PartitionIndex, Seen, SendRecord};
