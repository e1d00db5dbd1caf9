//! Swarm testing: `[swarm]` draws a whole configuration from the seed.
//!
//! ```text
//! file with [swarm] ──► Draft (what it writes) ──► Draw (fills in the rest, from the seed) ──► text ──► parse ──► Scenario
//! ```
//!
//! A fixed configuration finds what that configuration can show. A swarm runs another one with every seed, and each kind
//! of fault is left out of half of them: what a fault hides is found by the runs without it (Groce et al., *Swarm
//! Testing*, ISSTA 2012; FoundationDB draws its knobs and TigerBeetle's VOPR its clusters in the same way). Where that would
//! leave out all of them one is drawn: a run without faults shows nothing.
//!
//! What the file writes is the same for all seeds. What it leaves out is drawn: whole sections, and single keys of
//! `[cluster]`, `[broker]` and `[phases]`. Inside a topic, a client or a nemesis that is written, what is left out has its
//! default as ever.
//!
//! The result is the *text* of a plain scenario, read like any other file: it can be kept, run and shortened without the
//! swarm, and whatever `parse` promises of scenarios holds for it. Each value has a stream of its own,
//! `("swarm.<section>.<key>", ordinal)`, so that fixing one leaves the others as they were.
//!
//! Reading order: [`spec`], `choices` (what may be drawn, and why nothing else), `draft`, `draw`, `section` (the reader).
//!
//! What is left out: scripted faults, which are never drawn; the time scale, because Kafka's own times make runs twenty
//! times as long; and what would only test the harness's patience, such as more brokers than nine.

mod choices;
mod draft;
mod draw;
mod section;
pub mod spec;
#[cfg(test)]
mod tests;

pub(super) use draw::check;
pub(super) use section::section;
pub use spec::{Contract, Settings, SwarmSpec};
