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
//! it is in flight, and what is left and certainly not in the log starts again at sequence 0 under a new producer epoch
//! (KIP-360).
//!
//! A new batch is numbered only if the broker is sure to tell it, and everything before it, from a duplicate and from a gap.
//! Either nothing of the topic partition is unresolved, or both hold:
//!
//! * Something was acknowledged under this identity: the broker knows the producer. One that does not takes any sequence,
//!   so the second batch could overtake the first.
//! * It is fewer than five batches after the earliest unresolved one, acknowledged ones between them counted: the broker
//!   remembers the last five batches, whoever was waiting for them.
//!
//! This is deliberately stricter than Kafka. Where Kafka's own producer can duplicate or reorder although every broker
//! keeps its promises, the checkers would blame the brokers; the difference can hide such a finding but never make one:
//!
//! * Batches are numbered anew only while none of the topic partition is in flight. Kafka renumbers at once, and a batch
//!   that was accepted under its old numbers leaves a gap in the new ones.
//! * A batch that may have been appended - one of its attempts ended neither in a refusal before the append nor in a
//!   refused sequence - is never sent under other numbers, where no broker would recognise it: it completes as Info.
//!   Kafka renumbers it, too.
//! * The two rules of the window above. Kafka only limits the requests in flight per connection, which starts anew when
//!   the leader moves, and sends five batches of a producer that no broker has heard of.
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
