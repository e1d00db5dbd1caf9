//! What clients did and were told: the only thing the checkers get to see.
//!
//! The words are Jepsen's (`jepsen.history`, `jepsen.tests.kafka`). A *process* is one client. An *operation* is an
//! entry of the history; `f` says what it is about:
//!
//! * `send`: an *invocation* (`invoke`) hands one message to a producer; its *completion* is `ok` (acknowledged), `fail`
//!   (certainly not written) or `info` (nobody knows). A send without completion counts as `info`.
//! * `poll`: a consumer read records. With `last` it belongs to the *final reads*, which read every topic
//!   partition from its start after all faults have healed.
//! * `seek`: from here on the process reads elsewhere, and was told so (Jepsen's `assign`): it was started anew, or its
//!   consumer went back because the log had changed, or forward because it was deleted.
//! * `final-read`: the final reads of one topic partition are complete up to `end`, exclusive. Without it they are not.
//!   With `start` they begin there, because the topic keeps only so much and had deleted what was before.
//!
//! ```text
//! process 0   ├─ invoke send orders-0 0/7 ─────────────── ok offset 31 ─┤
//! process 1                                   ok poll orders-0 [31 0/7] ┤
//! process 9                                                                … ok poll, last … ok final-read end 400
//! ```
//!
//! A *message* is what a record's value says; each is sent once, so it identifies its send. Retries of one send by the
//! producer are not operations.
//!
//! All but `send` are always `ok`.
//!
//! # The format of `history.jsonl`
//!
#![doc = include_str!("format.md")]
//!
//! # Other formats
//!
//! Histories of Jepsen's Kafka workload are read as well: [`jepsen`] says what becomes of what.
//!
//! Reading order: [`message`], [`operation`], [`process`], [`recorder`], [`jsonl`], [`read`], [`jepsen`].
//!
//! What it leaves out: transactions, consumer groups, subscriptions and committed offsets, record keys and headers,
//! and polls that returned nothing.
//!
//! Architecture invariant: nothing here knows the cluster, the workload or the nemesis.

mod attempt;
pub mod jepsen;
pub mod jsonl;
pub mod message;
pub mod operation;
pub mod process;
pub mod read;
pub mod recorder;

pub use message::MessageId;
pub use operation::{OpF, OpKind, Operation, PolledRecord, Reading};
pub use process::{Order, ProcessId, ProcessInfo, Promise};
pub use read::{JsonlReader, ReadError, Source};
pub use recorder::History;
