//! The scenario language: a TOML file becomes a [`Scenario`], or a list of everything that is wrong with it.
//!
//! ```text
//! file -> load -> text -> toml::DeTable (spans) -> reader -> one file per section -> drafts -> check -> Scenario
//!                   |                                 |                                 |          |
//!                   +---------------- every problem becomes a Diagnostic ---------------+          +--> to_toml
//!                                                     |
//!                                                     +--> Diagnostics::render
//! ```
//!
//! Parse, don't validate: whoever holds a [`Scenario`] needs to check nothing again. Topics that are named exist,
//! replication factors fit the cluster, targets can be hit, faults begin within the fault phase and wait for each other
//! without going round in a circle.
//!
//! Terms: a *section* is a table of the file (`[cluster]`, `[[fault]]`); an *own key* is ours (`records`), in contrast to
//! a *property*, which is Kafka's (`acks`) and keeps Kafka's unit. Own durations are strings with units. Both are written
//! with dots as in `server.properties`; TOML makes nested tables of them, and `reader` makes dotted names of those.
//!
//! Reading order: `spec` (the value), `load` (the way through), `reader` and `field` (one table, one value), then the
//! sections (`sections`, `topic`, `client`, `fault`, `limits`), `check` and `aim` (what only shows between sections), `names`
//! (what only shows between files), and for the messages `diagnostic`, `render`, `suggest`. `units` and `clocks` read
//! values with units, and write them. The way back, from a [`Scenario`] to a text that gives it again, is `write` and
//! `write_plan`.
//! A file with `[swarm]` leaves the rest to the seed: [`swarm`].
//!
//! To add a kind of fault: see `fault`. To add an own key: one line where its section is read and one where it is written;
//! unknown keys and suggestions follow from what was asked for.
//!
//! What is left out: whether two faults contradict each other is said only where it is certain. Faults at events, and
//! those aimed at roles that may move in between, may still meet, and then the run says that one of them was in vain.

mod aim;
#[cfg(test)]
pub(crate) mod asked;
mod check;
mod client;
mod clocks;
mod diagnostic;
mod discover;
mod fault;
mod field;
mod limits;
mod load;
mod names;
mod reader;
mod render;
mod sections;
mod spec;
pub(crate) mod suggest;
pub mod swarm;
mod topic;
mod units;
mod write;
mod write_plan;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use discover::discover;
pub use load::{load, parse};
pub use names::distinct;
pub(crate) use sections::{CLUSTER, PHASES, RECORD_BYTES};
pub use spec::{
    ClusterSpec, ConsumerSpec, Expectation, ExpectedVerdict, Phases, ProducerSpec, Scenario, TopicSpec,
};
pub(crate) use units::{DURATION, duration, duration_text};
