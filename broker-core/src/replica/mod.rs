//! One broker's replica of one topic partition: leader, follower, or neither (Kafka's `Partition` and `Replica`).
//!
//! ```text
//!                 metadata: I lead, in a new leader epoch
//!        ┌─────────────────────────────────────────────────┐
//!   ┌────┴─────┐     metadata: another leads            ┌──▼─────┐
//!   │ Follower │◄───────────────────────────────────────┤ Leader │
//!   └────┬─────┘                                        └──┬─────┘
//!        └──────────► Idle ◄───────────────────────────────┘   metadata: nobody leads
//! ```
//!
//! A replica whose disk lost committed records is `Barred` where it would be leader, until it is repaired ([`damage`]).
//!
//! Terms:
//!
//! * *committed ISR*: what the controller last told us; *maximal ISR*: that plus what we asked to add (KIP-497). The high
//!   watermark waits for the maximal one, because the controller may already have agreed.
//! * *high watermark*: everything below is on every member of the maximal ISR. Acks=all waits for it, consumers read below.
//! * *countable end*: the log end, or less while a flush that belongs to an append is under way.
//!
//! Reading order: [`state`] (state and role changes), [`leader`] (progress of followers, high watermark), [`produce`],
//! [`purgatory`], [`isr`], [`read`] (serving fetches), [`follower`], [`out_of_range`] (a follower that lost touch),
//! [`retention`], [`damage`].
//!
//! Architecture invariant: a replica knows no connections, no requests and no other topic partition.
//!
//! Left out: observers, reassignment, tiered storage, transactions.

mod damage;
mod follower;
mod isr;
mod leader;
mod out_of_range;
mod produce;
mod purgatory;
mod read;
mod retention;
mod state;
#[cfg(test)]
mod tests;

pub use damage::Damage;
pub use follower::{FetchPosition, Fetched};
pub use isr::{AlterPartitionOutcome, Proposal};
pub use out_of_range::{OffsetQuestion, OffsetWanted};
pub use produce::{ProduceResult, Produced};
pub use purgatory::ProduceToken;
pub use read::{Diverging, ReadRequest, ReadResult, Reader};
pub use state::{Env, Outbox, Replica};
