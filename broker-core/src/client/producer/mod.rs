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
//! retries, so that the broker can recognise what it already has. The numbering is given up in three cases: the broker
//! calls the earliest unresolved batch out of order (of a later one it is a plain retry); a batch ends refused and leaves a
//! gap (refused for its producer epoch, 47, it takes the producer id with it); what was given up in doubt is still unknown when nothing behind it is left. Then the topic partition waits until
//! nothing of it is in flight, and what is left starts again at sequence 0 under a new producer epoch (KIP-360).
//!
//! The broker is believed: out of order says that neither this batch nor anything behind it is in the log, whatever became
//! of earlier attempts. So a broker that calls a duplicate out of order gets it a second time, and the checkers see it.
//!
//! A new batch is numbered only if the broker is sure to tell it, and everything before it, from a duplicate and from a gap.
//! Either nothing of the topic partition is unresolved, or both hold:
//!
//! * Something was acknowledged under this identity: the broker knows the producer. One that does not takes any sequence,
//!   so the second batch could overtake the first.
//! * It is fewer than five batches after the earliest unresolved one, acknowledged ones between them counted: the broker
//!   remembers the last five batches, whoever was waiting for them.
//!
//! Where Kafka's own producer can duplicate or reorder although every broker keeps its promises, the checkers would blame
//! the brokers. There this one is stricter, which can hide a finding but never make one:
//!
//! * The two rules of the window above. Kafka only limits the requests in flight per connection, which starts anew when
//!   the leader moves, and sends five batches of a producer that no broker has heard of. If the first hangs or is refused,
//!   the second is taken; the first is then out of order, numbered anew, and stands behind it (`nonmonotonic-send`), or is
//!   there twice if it was only its answer that hung. `scenarios/regressions/first-batch-overtaken.toml` is such a case.
//! * Behind a batch that was given up in doubt, another in doubt is not numbered anew: it completes as Info. Attempts of
//!   both may still be on their way over connections that are lost for the producer; should they arrive in order after the
//!   refusal and before the new numbers, both are appended as they were first sent. Kafka numbers the second anew and so
//!   writes it twice (`duplicate`). Only here may the broker be right to call a batch out of order that turns up later.
//! * Batches are numbered anew only while none of the topic partition is in flight. Kafka does so at once, and what is
//!   answered under its old numbers leaves a gap in the new ones or is fenced by them. That costs Kafka another epoch, and
//!   this producer at most `request.timeout.ms`.
//! * A batch that ends refused after an attempt that may have appended it is in doubt, and what is behind it keeps its
//!   numbers. Kafka takes the last answer for the whole truth, numbers them anew and can write them twice.
//! * Sequences are compared without wrapping. Kafka's `isNextSequence` subtracts, and `insertInSequenceOrder` compares, the
//!   numbers on the wire; retries around 2^31-1 can change places.
//!
//! How sends end follows from all attempts together, see `outcome`.
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
