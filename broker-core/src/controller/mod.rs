//! The controller: one node that decides who leads, who is in sync and who lives (KRaft's `QuorumController` with a
//! quorum of one).
//!
//! ```text
//! request ─► handler ─► records ─► image (at once) ─► metadata log ─► flush ─► answer
//!                                                                       └───► Fetch serves it to brokers
//! ```
//!
//! * Decisions are made on the image, which runs ahead of the disk; nobody hears of one before its records are durable:
//!   every answer, refusals too, waits until all records written before it are flushed.
//! * What only time tells (heartbeats, sessions) is soft state and starts anew with the process.
//! * A cause and all that follows from it - a broker is fenced, and so these ISRs shrink and those leaders change - are
//!   one batch: after a power loss all of it is so or nothing.
//! * Who may lead without loss: ISR and ELR, see [`crate::metadata`]. Somebody else leads only if the setting
//!   `unclean.leader.election.enable` says so, or if ISR and ELR are empty and it was the last to lead; such an election
//!   is called *unclean* in the event that tells of it.
//!
//! Reading order: [`node`] (the state machine), [`elect`] (who leads), [`changes`] (where a broker's coming and going makes
//! elections necessary), [`brokers`] (registration, heartbeats, fencing), [`partitions`] (AlterPartition), [`topics`]
//! (topics, producer ids), [`snapshots`] (where replay begins).
//!
//! Left out: a quorum of controllers; dropping what of the log a snapshot covers, and so FetchSnapshot: brokers can always
//! read from the beginning; deletion, reassignment, manual assignment, preferred leader election; the leader
//! recovery state after an unclean election, which Kafka's brokers only clear; unclean recovery (the second half of
//! KIP-966), which no Kafka release has; telling damage of the metadata log from a torn write: it is cut at the first bad
//! batch, as in Kafka, which opens it as never cleanly closed, and only a snapshot can show that something durable is gone.

mod brokers;
mod changes;
mod elect;
mod node;
mod partitions;
mod snapshots;
#[cfg(test)]
mod tests;
mod topics;

pub use node::{Controller, ControllerConfig};
