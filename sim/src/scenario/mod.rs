//! The scenario language: a TOML file becomes a [`Scenario`], or a list of everything that is wrong with it.
//!
//! ```text
//! file -> load -> text -> toml::DeTable (spans) -> reader -> one file per section -> drafts -> check -> Scenario
//!                   |                                 |                                 |
//!                   +---------------- every problem becomes a Diagnostic ---------------+--> Diagnostics::render
//! ```
//!
//! Parse, don't validate: whoever holds a [`Scenario`] needs to check nothing again. Topics that are named exist,
//! replication factors fit the cluster, targets can be hit, faults begin within the fault phase.
//!
//! Terms: a *section* is a table of the file (`[cluster]`, `[[fault]]`); an *own key* is ours (`records`), in contrast to
//! a *property*, which is Kafka's (`acks`) and keeps Kafka's unit. Own durations are strings with units. Both are written
//! with dots as in `server.properties`; TOML makes nested tables of them, and `reader` makes dotted names of those.
//!
//! Reading order: `spec` (the value), `load` (the way through), `reader` and `field` (one table, one value), then the
//! sections (`sections`, `topic`, `client`, `fault`), `check` and `aim` (what only shows between sections), and for the
//! messages `diagnostic`, `render`, `suggest`.
//!
//! To add a kind of fault: a variant of [`Fault`](crate::nemesis::Fault) and one row in `fault::KINDS`. To add an own key:
//! one line where its section is read; unknown keys and suggestions follow from what was asked for.
//!
//! What is left out: faults at events (`when`), faults drawn from the seed, disk and clock faults, and whether faults
//! that overlap on one target contradict each other.

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
mod reader;
mod render;
mod sections;
mod spec;
pub(crate) mod suggest;
mod topic;
mod units;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use discover::discover;
pub use load::{load, parse};
pub use spec::{
    ClusterSpec, ConsumerSpec, Expectation, ExpectedVerdict, Phases, ProducerSpec, Scenario, TopicSpec,
};
