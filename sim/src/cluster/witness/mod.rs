//! Who watches the servers for the judges of state.
//!
//! ```text
//!   Driver ──(an input is handled; nothing of it has left the host)──► look(&node) ──► ClusterSnapshot, Change ──► Observer
//!   process begins, process ends ─────────────────────────────────────────────────┘
//! ```
//!
//! * A look compares a few numbers of each replica with those of the last look. Only where something differs, what is new
//!   is read: the batches between the old end of the log and the new one, from the files, as bytes, at no cost to the host.
//!   When a process opens a log, all of it is read, once, and checksums are verified.
//! * The controller's image changes only with its metadata log, so its end offset tells whether there is anything to see.
//! * What a process did for an input it dies "before" (see [`super::Moment::Before`]) is never looked at: the disk takes it
//!   back.
//! * Nobody but the observer is told; nothing is drawn, recorded or delayed, so a run is the same with and without.
//!
//! Reading order: [`shared`], [`broker`] with [`files`], [`controller`].
//!
//! Left out: a log that is cut and appended to while one input is handled: no replica does that. Bytes that rot after
//! they were read.

mod broker;
mod controller;
mod files;
mod shared;

pub(super) use broker::BrokerWitness;
pub(super) use controller::ControllerWitness;
pub(super) use shared::{SharedWitness, Watched, Witness};
