//! What a sweep knows so far, in memory and on disk: one owner for the results, the groups and the run directories.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::group::Place;
use super::result::{Build, RunResult, TIMEOUT};
use super::store::{Store, StoreError};
use super::summary::Summary;
use crate::report::{PanicReport, RunReport, ScenarioRef, WriteError, write_run_dir};
use crate::run::{RunOutput, plain, script_text};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::verdict::Verdict;

/// What comes back from the thread of a run.
pub struct Ran {
    /// What is kept; `None` if it was interrupted.
    pub result: Option<RunResult>,
    /// Everything else, if somebody may want to see it: not of what went as expected.
    pub output: Option<Box<RunOutput>>,
}

impl Ran {
    /// From what a run left behind.
    pub fn new(output: RunOutput, scenario: &Scenario, build: &Build, checked_twice: bool) -> Ran {
        // Of half a run nothing is stored: it would pass for a whole one.
        let cut_short = output.report.cut_short;
        let result = (!cut_short)
            .then(|| RunResult { checked_twice, ..RunResult::of(&output.report, scenario, build) });
        let dull = output.report.as_expected && !cut_short;
        Ran { result, output: (!dull).then(|| Box::new(output)) }
    }

    /// Of a run that was stopped because of its time; `output`, if it came back.
    pub fn timed_out(
        mut output: Option<Box<RunOutput>>,
        (scenario, seed): (&Scenario, Seed),
        build: &Build,
        wall: Duration,
    ) -> Ran {
        let mut blank = blank(scenario, seed);
        let report = output.as_mut().map_or(&mut blank, |output| &mut output.report);
        // One that came back has events at least.
        let stuck = if report.trace_events.is_empty() { " and could not be stopped" } else { "" };
        let reason = format!("the run did not end within {:.1} s{stuck}", wall.as_secs_f64());
        // What it had found by then stays found, though as a time-out: it may end otherwise elsewhere.
        if !matches!(report.verdict, Verdict::Violation | Verdict::HarnessBug) {
            report.verdict = Verdict::Unknown;
        }
        report.as_expected = false;
        report.signature = Some(TIMEOUT.to_owned());
        // What else could not be judged follows from it.
        report.unknown.insert(0, reason);
        report.env.wall_ms = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
        let result = Some(RunResult::of(report, scenario, build));
        Ran { result, output }
    }

    /// Of a run in which the harness itself panicked.
    pub fn panicked(message: String, (scenario, seed): (&Scenario, Seed), build: &Build) -> Ran {
        let mut report = blank(scenario, seed);
        report.verdict = Verdict::HarnessBug;
        report.signature = Some(format!("panic in the harness: {}", plain(&message)));
        report.panic = Some(PanicReport { message, host: None, time_us: 0, location: None });
        Ran { result: Some(RunResult::of(&report, scenario, build)), output: None }
    }
}

fn blank(scenario: &Scenario, seed: Seed) -> RunReport {
    let reference = ScenarioRef { name: scenario.name.clone(), path: scenario.path.clone() };
    let mut report = RunReport::new(reference, seed.0);
    report.expected = scenario.expect.verdict.to_string();
    report
}

/// Why something could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The directory of a run.
    #[error("failed to write the report: {0}")]
    RunDir(#[from] WriteError),
    /// The results.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Results, groups, run directories.
///
/// Invariants:
/// * Of each group of failures at most one run directory is there that this sweep wrote: that of the cheapest.
/// * A directory that this sweep did not write is never removed.
/// * The directory of a run is there before its result says so.
pub struct Tally {
    /// All together.
    pub summary: Summary,
    reports: PathBuf,
    store: Store,
}

/// What a result has added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// It is the first failure of its kind.
    pub new_failure: bool,
    /// It did not go as expected.
    pub failed: bool,
}

impl Tally {
    /// Starts with what is in `store` already.
    pub fn new(reports: &Path, store: Store, mut summary: Summary, reused: &[RunResult]) -> Tally {
        for result in reused {
            drop(summary.add(result, true));
        }
        Tally { summary, reports: reports.to_owned(), store }
    }

    /// Counts a result, writes what is to be kept of it, and removes what need not be kept any more.
    pub fn add(
        &mut self,
        result: &mut RunResult,
        output: Option<&RunOutput>,
    ) -> Result<Added, (Added, KeepError)> {
        let place = self.summary.groups_of(result).place(result);
        let added = Added {
            failed: !result.as_expected,
            new_failure: !result.as_expected && place == Some(Place::First),
        };
        let kept = match output.filter(|_| added.failed && place != Some(Place::Another)) {
            Some(output) => self.write(output),
            None => Ok(false),
        };
        result.has_run_dir = matches!(kept, Ok(true));
        let before = self.summary.add(result, false);
        let stored = self.store.append(result);
        // Only now: whoever is killed in between leaves one directory too many, not one too few.
        if let Some(before) = before.and_then(|before| before.run_dir()) {
            drop(fs::remove_dir_all(self.reports.join(before)));
        }
        match (kept, stored) {
            (Err(error), _) => Err((added, error)),
            (_, Err(error)) => Err((added, error.into())),
            (Ok(_), Ok(())) => Ok(added),
        }
    }

    fn write(&self, output: &RunOutput) -> Result<bool, KeepError> {
        let RunOutput { report, script, history, trace } = output;
        write_run_dir(&self.reports, report, history, trace, &script_text(script, report))?;
        Ok(true)
    }

    /// Writes `summary.json`.
    pub fn finish(&mut self) -> Result<PathBuf, StoreError> {
        self.forget_what_is_gone();
        self.store.summarize(&self.summary.to_json())
    }

    /// A summary must not name a directory that somebody has removed meanwhile.
    fn forget_what_is_gone(&mut self) {
        for result in self.summary.failures.cheapest_mut() {
            let there = result.run_dir().is_some_and(|place| self.reports.join(place).is_dir());
            result.has_run_dir &= there;
        }
    }
}
