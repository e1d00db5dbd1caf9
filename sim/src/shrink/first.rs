//! The run that is to be shrunk, run once more before everything else.

use std::fmt;
use std::time::Duration;

use super::workers::{Ran, run_all};
use crate::run::Interrupt;
use crate::scenario::{Scenario, parse};
use crate::seed::Seed;

/// Nobody knows yet how long a run takes; one that takes longer than this hangs, or would be tried again for days.
const PATIENCE_FIRST: Duration = Duration::from_secs(600);

/// Why the search does not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotBegun {
    /// Somebody asked for it.
    Interrupted,
    /// The harness panicked outside of any host.
    Panicked,
    /// There is nothing to compare with after so much wall-clock time.
    TooLong(Duration),
    /// The script of the run cannot be read.
    Unreadable(String),
}

impl fmt::Display for NotBegun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotBegun::Interrupted => f.write_str("interrupted before anything was shrunk"),
            NotBegun::Panicked => f.write_str("the harness itself panicked"),
            NotBegun::TooLong(patience) => write!(
                f,
                "the run to be shrunk has not ended after {patience:?}: it hangs, or is too long to be tried again and \
                 again; `cargo sim replay --until TIME` shows what it does"
            ),
            NotBegun::Unreadable(problems) => write!(f, "the script of the run cannot be read: {problems}"),
        }
    }
}

/// The script of a run: everything that it draws is written out.
///
/// # Errors
/// If it does not come to its end.
pub fn script_of(scenario: &Scenario, seed: Seed, stop: &Interrupt) -> Result<Scenario, NotBegun> {
    let scenario = Scenario { seed: Some(seed), ..scenario.clone() };
    let script = first_run(&scenario, stop)?.script;
    parse(&scenario.path, &script.to_toml()).map_err(|problems| NotBegun::Unreadable(problems.to_string()))
}

/// Runs it, unless it takes too long.
pub(super) fn first_run(scenario: &Scenario, stop: &Interrupt) -> Result<Ran, NotBegun> {
    run_within(PATIENCE_FIRST, scenario, stop)
}

fn run_within(patience: Duration, scenario: &Scenario, stop: &Interrupt) -> Result<Ran, NotBegun> {
    let ran = run_all(std::slice::from_ref(scenario), (stop, patience), |_, _| true).pop().flatten();
    let ran = ran.ok_or(NotBegun::Panicked)?;
    match ran.report.cut_short {
        true if stop.is_raised() => Err(NotBegun::Interrupted),
        true => Err(NotBegun::TooLong(patience)),
        false => Ok(ran),
    }
}

#[cfg(test)]
mod tests {
    use super::super::trials::tests::endless;
    use super::*;

    #[test]
    fn a_first_run_that_hangs_is_no_beginning() {
        let (endless, stop) = (endless(), Interrupt::new(false));
        let patience = Duration::from_millis(1);
        assert_eq!(run_within(patience, &endless, &stop).err(), Some(NotBegun::TooLong(patience)));
        stop.raise();
        assert_eq!(first_run(&endless, &stop).err(), Some(NotBegun::Interrupted));
    }
}
