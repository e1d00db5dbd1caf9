//! The passes: each knows one kind of simplification.
//!
//! | pass | what it tries |
//! |---|---|
//! | `phases` | a shorter fault phase, without the faults that begin after it; shorter liveness where that is what fails |
//! | `faults` | no faults at all, then delta debugging over their list |
//! | `merging` | two faults that do the same to different hosts become one |
//! | `actors` | fewer consumers, producers, topics, partitions, brokers, replicas, records |
//! | `settings` | properties, latencies and conditions at their defaults: all, by delta debugging, one by one |
//! | `times` | times instead of triggers, all times rounder or earlier together, then each rounder, shorter |
//! | `parameters` | fewer targets, less to wait for, no end, round numbers, no keys that are not needed |
//!
//! Cheapest win first: what makes every later run shorter stands at the top. A pass is pure: from a [`Subject`] it makes
//! candidates, and it knows neither runs nor signatures.

mod actors;
mod merging;
mod parameters;
mod phases;
pub mod settings;
#[cfg(test)]
mod tests;
mod times;

use std::collections::BTreeSet;

use super::edit::without_faults;
use super::subject::Subject;
use crate::scenario::Scenario;

/// One kind of simplification.
pub struct Pass {
    /// Its name, for progress.
    pub name: &'static str,
    /// How it goes about it.
    pub way: Way,
}

/// How a pass makes candidates.
pub enum Way {
    /// There are so many parts, and any of them may be left out.
    Parts {
        /// How many.
        count: fn(&Subject) -> usize,
        /// What is left without some.
        without: Without,
    },
    /// Each of these is simpler, the boldest first.
    Changes(fn(&Subject) -> Vec<Scenario>),
}

/// What is left without the parts at these positions.
pub type Without = fn(&Subject, &BTreeSet<usize>) -> Scenario;

/// All of them, in their order.
pub const PASSES: &[Pass] = &[
    Pass { name: "phases", way: Way::Changes(phases::changes) },
    Pass {
        name: "faults",
        way: Way::Parts { count: |subject| subject.scenario.plan.faults.len(), without: without_faults },
    },
    Pass { name: "merging", way: Way::Changes(merging::changes) },
    Pass { name: "actors", way: Way::Changes(actors::changes) },
    Pass { name: "settings", way: Way::Parts { count: settings::count, without: settings::without } },
    Pass { name: "times", way: Way::Changes(times::changes) },
    Pass { name: "parameters", way: Way::Changes(parameters::changes) },
];
