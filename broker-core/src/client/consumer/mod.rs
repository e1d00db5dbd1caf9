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
