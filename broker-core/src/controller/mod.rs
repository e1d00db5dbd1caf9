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
//!
//! Reading order: [`node`] (the state machine), [`elect`] (who leads), [`brokers`] (registration, heartbeats, fencing),
//! [`partitions`] (AlterPartition, topics).
//!
//! Left out: a quorum of controllers, metadata snapshots, eligible leader replicas, deletion, reassignment, preferred
//! leader election.

mod brokers;
mod elect;
mod node;
mod partitions;
#[cfg(test)]
mod tests;

pub use node::{Controller, ControllerConfig};
