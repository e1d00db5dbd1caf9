//! The consumer: reads all partitions of its topics from the beginning and follows leader changes (KIP-320), after Kafka's
//! `Fetcher`, `OffsetFetcher` and `SubscriptionState`.
//!
//! Each topic partition goes its own way, so that one without a leader holds up no other:
//!
//! ```text
//!              ListOffsets(earliest)            a leader epoch is new
//!    Start ───────────────────────────► Fetch ◄──────────────────────► OffsetForLeaderEpoch
//!      ▲                                 │ ▲                            (truncated: position goes back)
//!      │ leader does not know our epoch  │ │ ListOffsets(latest)
//!      └─────────────────────────────────┤ └──────────────────────── AboveEnd
//!                                        └─► OutOfRange ────────────────▲
//!                                            ListOffsets(earliest)
//! ```
//!
//! Terms: the *last epoch* is the leader epoch of the last batch consumed; together with the position it says what log
//! the consumer has read, and a leader can tell whether its own log continues that one.
//!
//! The consumer trusts the leader to serve nothing at or above the high watermark. It asks for whole batches and
//! drops records below its position, because a batch may start earlier.
//!
//! Where it differs from Kafka's, which resets to `auto.offset.reset` (here: the start of the log) whenever it is lost:
//!
//! * Out of range, it asks where the log starts and ends and goes to the nearer of the two, so that nothing is read twice
//!   that is still there.
//! * A leader that had an older epoch where the last record was consumed has another record there, even if its log is
//!   long enough; Kafka compares the offset only, and reads on. This one begins anew.
//!
//! A truncation below the position is an event and no error: there are no committed offsets to go back to.
//!
//! Reading order: `partition`, `fetcher`, `plan`, `answers`.
//!
//! Left out: groups, committed offsets, isolation levels, incremental fetch sessions, reading from followers.

mod answers;
mod fetcher;
mod partition;
mod plan;
#[cfg(test)]
mod tests;

pub use fetcher::{Consumer, ReadUntil};
