//! A small Kafka-like broker, its controller and its clients, as pure state machines.
//!
//! Reading order, which is also the order in which modules may use each other:
//!
//! ```text
//! types, time, steady ─► error, config ─► batch ─► event, io, wire ─► log ─► metadata ─► replica ─► broker
//!                                                              │            └─► controller
//!                                                              └─► client
//! ```
//!
//! Architecture invariants, each kept by a lint or a test:
//!
//! * No clock, no entropy, no sockets, no files, no tasks: time is an argument, everything else an [`io::Effect`].
//! * `log` never names `replica`, `replica` never names `broker`.
//! * Nothing iterates over a hash table: the order of everything is decided by values.

pub mod batch;
pub mod broker;
pub mod client;
pub mod config;
pub mod controller;
pub mod error;
pub mod event;
pub mod io;
pub mod log;
pub mod metadata;
pub mod replica;
pub mod steady;
pub mod testing;
pub mod time;
pub mod types;
pub mod wire;
