//! A correct topic partition, small: brokers 1 to 3 and the controller, told to the oracles change by change.
//!
//! Messages wait until a step delivers them, in any order, also to whoever is no longer meant; so there are deposed leaders that
//! do not know it, fetches of processes that are gone, and elections that are learned of late. Processes are killed at will. A disk
//! loses what was not flushed only while somebody else who is in sync or eligible has lost nothing and stays, which is what
//! min.insync.replicas = 2 with eligible leader replicas promises to survive.
//!
//! Reading order: `state`, `replication`, `decisions`, `lives`.
//!
//! Left out: time, so nobody is caught up or late but by choice; producers; bytes.

mod decisions;
mod lives;
mod replication;
mod state;

pub use state::{Model, Step};
