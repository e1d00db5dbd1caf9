//! The idempotent producer (KIP-98, KIP-360), after Kafka's `Sender`, `RecordAccumulator` and `TransactionManager`.
//!
//! ```text
//!  Input::Send ─► accumulator: one partition queue per topic partition
//!                 │  [retry 0..4] [retry 5..9] [new] [new, open]         numbered batches stand first
//!                 ▼  ready: lingered, full or followed; leader known; nothing backing off
//!               sender: one produce request per broker, one batch per topic partition in it
//!                 │
//!                 ▼  answer, or none
//!               outcome: done ─► Effect::SendCompleted │ retry ─► back to the front │ gap ─► new numbering
//! ```
//!
//! A batch gets its *numbering* - producer id, producer epoch, first sequence - when it first leaves, and keeps it across
//! retries, so that the broker can recognise what it already has. The numbering is given up in one case only: when it is
//! certain, or cannot be excluded, that the broker will never accept it. Then the topic partition waits until nothing of
//! it is in flight, and what is left starts again at sequence 0 under a new producer epoch (KIP-360).
//!
//! Where this is stricter than Kafka, because the difference can only hide bugs of brokers under load and never show one:
//!
//! * Batches are numbered anew only while none of the topic partition is in flight. Kafka renumbers at once, and a batch
//!   that was accepted under its old numbers leaves a gap in the new ones.
//! * At most five batches per topic partition are unresolved, also when the leader moves and the limit per connection
//!   starts anew, since a broker remembers five.
//! * Sequences are compared without wrapping.
//!
//! Reading order: `outcome`, `sequences`, `batch`, `partition`, `accumulator`, `identity`, `sender`, `answers`.
//!
//! Left out: transactions, partitioners, compression, `buffer.memory`, splitting of too large batches, rotation among topic
//! partitions when `max.request.size` cannot hold one batch of each.

mod accumulator;
mod answers;
mod batch;
mod identity;
mod outcome;
mod partition;
mod sender;
mod sequences;
#[cfg(test)]
mod tests;

pub use sender::Producer;
