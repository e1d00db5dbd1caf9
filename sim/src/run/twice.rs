//! The determinism check: the same run once more, and the first event in which the two differ.

use super::interrupt::Interrupt;
use super::phases::{RunOutput, run};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::trace::first_difference;

/// Runs once more what gave `output`, compares every event and the reports, and if they differ makes that the verdict.
/// `None` if either was interrupted, and then nothing was shown; else whether they agree.
pub fn agrees_again(
    scenario: &Scenario,
    seed: Seed,
    interrupt: &Interrupt,
    output: &mut RunOutput,
) -> Option<bool> {
    if output.report.cut_short {
        return None;
    }
    let again = run(scenario, seed, interrupt);
    if again.report.cut_short {
        output.report.is_not_compared();
        return None;
    }
    let events = first_difference(&output.trace, &again.trace).map(|difference| difference.to_string());
    let reports = || {
        (output.report.comparable() != again.report.comparable())
            .then(|| "the traces are equal, the reports differ".to_owned())
    };
    let histories = || {
        (output.history.operations() != again.history.operations())
            .then(|| "the traces are equal, the histories differ".to_owned())
    };
    let Some(difference) = events.or_else(histories).or_else(reports) else { return Some(true) };
    output.report.is_nondeterministic(format!("two runs of seed {seed} differ: {difference}"));
    Some(false)
}
