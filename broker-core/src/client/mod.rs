//! The clients: an idempotent [`Producer`], a [`Consumer`] and an [`Admin`], as state machines at the boundary of
//! [`crate::io`].
//!
//! ```text
//!                        ┌ metadata.rs   who leads which topic partition, and where that broker listens
//! producer/  ─┐          ├ requests.rs   correlation ids; what every request in flight was about
//! consumer/  ─┼─ share ──┤ backoff.rs    exponential pauses with jitter
//! admin.rs   ─┘          └ reconnect.rs  brokers that are left alone for a while after a lost connection
//! ```
//!
//! All three have the same loop. An input changes state; then everything that is due *now* is done (requests leave,
//! sends expire); what is due later is the next deadline. A failed request is never repeated at the instant of its
//! failure: either the partition, the broker or the metadata is backing off, so a dead cluster costs a bounded number
//! of wakeups.
//!
//! All go by [`Steady`](crate::steady::Steady): if the clock is set back, pauses, timeouts and the age of metadata stay as
//! long as they were. Kafka's clients compare with `Time.milliseconds` (`ClusterConnectionStates.connectionDelay`,
//! `Metadata.timeToAllowUpdate`, `ProducerBatch.waitedTimeMs`, `hasReachedDeliveryTimeout`): set back by an hour, they try
//! nothing again for an hour and let nothing expire. A clock that is set forward makes both expire at once.
//!
//! Terms: a *batch* is in flight from its produce request to that request's end; it is *unresolved* from its first
//! sending until it is known whether the broker has it. A consumer's *position* is the offset of the record it reads
//! next.
//!
//! Reading order: `backoff`, `requests`, `metadata`, [`producer`], [`consumer`], `admin`.
//!
//! Left out: partitioners, compression, transactions, consumer groups and committed offsets, incremental fetch sessions,
//! reading from followers, splitting batches that are too large, the leader hint in produce and fetch responses (a
//! metadata request does its work), version negotiation (both ends are of one build).

mod admin;
mod backoff;
pub mod consumer;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod hostile;
mod metadata;
pub mod producer;
mod reconnect;
mod requests;

pub use admin::{Admin, NewTopic};
pub use consumer::{Consumer, ReadUntil};
pub use producer::Producer;
