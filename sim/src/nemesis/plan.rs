//! Everything a scenario wants the nemesis to do.

use std::time::Duration;

use super::fault::{Fault, Harm, Span};

/// Scripted faults, random nemeses, and how far the latter may go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// `[[fault]]`, in the order of the file.
    pub faults: Vec<Fault>,
    /// `[[nemesis]]`, in the order of the file.
    pub random: Vec<RandomFaults>,
    /// `[limits]`
    pub limits: Limits,
}

/// Faults of one kind, drawn from the seed: `[[nemesis]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomFaults {
    /// What is done, to whom, for how long; ranges and random targets are drawn for each of them.
    pub harm: Harm,
    /// `every`: the time from one beginning to the next, and to the first.
    pub every: Span<Duration>,
    /// `at_most`: no more of them than this.
    pub at_most: Option<u64>,
    /// Whether none of them may change anything without making the run vacuous.
    pub may_miss: bool,
    /// Line of the scenario, from 1.
    pub line: usize,
}

/// What random faults must leave whole: one that would go beyond is not begun. Scripted faults count, but are never held
/// back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `brokers_down`: so many brokers at most that are dead, without power or paused at a time; `None`: any number.
    pub brokers_down: Option<usize>,
    /// `lossy_crashes`: so many brokers at most that may have lost what was not durable and are not whole again, which is
    /// when the process that runs now is in every ISR. A broker that was merely killed counts too while there is such a
    /// one: nobody can tell them apart. `None`: any number.
    pub lossy_crashes: Option<usize>,
}

impl Default for Limits {
    /// Within the contract of the default settings.
    fn default() -> Limits {
        Limits { brokers_down: Some(1), lossy_crashes: Some(1) }
    }
}
