//! The broker: many replicas, one state machine (Kafka's `KafkaApis`, `ReplicaManager`, `BrokerLifecycleManager`).
//!
//! ```text
//! clients, followers ─► requests ─► produce │ fetch │ queries ─► replicas ─► Outbox ─┐
//! leaders            ◄─ fetcher (one fetch in flight per leader)          ▲          │
//! controller         ◄─ lifecycle (registration, heartbeats)              │          ▼
//!                    ◄─ catalog (fetches the metadata log) ─► image ──────┘       settle
//!                    ◄─ isr (AlterPartition)                                  answers, flushes,
//! disk               ◄─ flush (policies, scheduler, checkpoints) ◄────────── fetches, proposals
//! ```
//!
//! Every input is handled to its end: routed to a replica, and then `settle` turns what came of it into effects. Between
//! two inputs nothing is half done.
//!
//! * Replicas are touched only once the broker has read the metadata log up to its own registration: before, the image may
//!   still say that this broker leads, because of a predecessor that lost its log's tail.
//! * A storage error halts the broker: it has one log directory. So does a log that is not what was written to it, and
//!   before it halts the broker leaves a note, so that it will not lead with that log before others have repaired it.
//!
//! Whatever is planned goes by [`Steady`](crate::steady::Steady). By the clock itself, which may be set, go replica lag
//! (`Partition.isFollowerOutOfSync`, `ReplicaState`) and the expiry of producer ids (`ProducerStateManager`), as in Kafka.
//! Other than in Kafka, `log.flush.interval.ms` (`LogManager.flushDirtyLogs`), fetchers' pauses (`DelayedItem`) and those of
//! requests to the controller do not.
//!
//! Reading order: [`node`], [`opening`], [`lifecycle`], [`catalog`], [`produce`], [`validate`], [`fetch`], [`fetcher`],
//! [`offsets`], [`isr`], [`flush`], [`retention`], [`offline`], [`queries`], [`producer_ids`], [`peers`].
//!
//! Left out: groups, transactions, quotas, authentication, several log directories (and with them
//! KIP-858), incremental fetch sessions, its own
//! copy of the metadata log (it is fetched anew after each start).

mod catalog;
mod fetch;
mod fetcher;
mod flush;
mod isr;
mod lifecycle;
mod node;
mod offline;
mod offsets;
mod opening;
mod peers;
mod produce;
mod producer_ids;
mod queries;
mod retention;
#[cfg(test)]
mod tests;
mod validate;

pub use node::{Broker, BrokerSettings};
