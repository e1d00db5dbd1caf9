//! Judges of the history, at the end of a run: what did clients see that no correct broker would show them?
//!
//! ```text
//! operations ──► IndexBuilder ──► HistoryIndex ──┬─► lost_write            acknowledged or read, and now gone
//!   one by one     Passages        sorted once   ├─► unseen                acknowledged, and nobody can say
//!                                                ├─► duplicate             one message at two offsets
//!                                                ├─► inconsistent_offsets  two messages at one offset
//!                                                ├─► nonmonotonic_send     sent in one order, logged in another
//!                                                ├─► g1a                   read, though its send failed
//!                                                ├─► phantom               read, though never sent there
//!                                                ├─► poll_skip             passed over by who read on
//!                                                └─► nonmonotonic_poll     given to who had read further
//!                                                         └──► Checks: of each checker pass, unknown or violation
//! ```
//!
//! The anomalies and their names are those of Jepsen's Kafka workload (`jepsen.tests.kafka`); G1a is Adya's name for an
//! aborted read. A checker says what the history shows, not what the settings allow: a producer without idempotence
//! that writes a message twice has made a duplicate. Whether that was to be expected is for the scenario to say.
//!
//! One fault may show as several anomalies: a log that loses its tail and is written again has lost writes and also
//! inconsistent offsets, for the same offset was promised to two messages. The lost writes come first.
//!
//! Reading order: [`anomaly`] (what a checker returns), [`index`] and [`indexing`], [`passage`], [`lost_write`] and
//! [`place`], the others, [`all`].
//!
//! Verdicts compose: pass < unknown < violation, of a checker and of all of them. Unknown means that the history does not
//! say, and is never a pass.
//!
//! What it leaves out: transactions (each message of one counts by itself), compaction, reads of a message before it was
//! sent, and in what order several consumers of a group should be given what.
//!
//! Architecture invariant: checkers see the history alone. They never import the nemesis, the workload, the scenario or
//! the cluster.

pub mod all;
pub mod anomaly;
pub mod duplicate;
pub mod g1a;
pub mod inconsistent_offsets;
pub mod index;
pub mod indexing;
pub mod lost_write;
pub mod nonmonotonic_poll;
pub mod nonmonotonic_send;
pub mod passage;
pub mod phantom;
mod place;
pub mod poll_skip;
pub mod unseen;

#[cfg(test)]
mod damage;
#[cfg(test)]
mod testing;

pub use all::{Checks, Outcome as CheckOutcome, check_all, check_index};
pub use anomaly::{Anomaly, Bearing, Checked, Contract, MessageRef, SeenAt, Violation};
pub use index::{HistoryIndex, Outcome, PartitionIndex, Seen, SendRecord};
pub use indexing::{IndexBuilder, Malformed};
