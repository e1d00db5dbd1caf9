//! Trying candidates: which of them fail alike.

use std::collections::BTreeMap;
use std::time::Duration;

use super::alike::{Difference, Target};
use super::first::{NotBegun, first_run};
use super::subject::Subject;
use super::workers::{Ran, Stopwatch, run_all};
use crate::report::RunReport;
use crate::run::Interrupt;
use crate::scenario::{Scenario, parse};

/// A run may take so many times as long as the one to be shrunk, and at least [`PATIENCE_LEAST`].
const PATIENCE: u32 = 20;
const PATIENCE_LEAST: Duration = Duration::from_secs(10);

/// How much may be tried.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Runs at a time.
    pub jobs: usize,
    /// Runs in all.
    pub runs_max: Option<u64>,
    /// Wall-clock time.
    pub budget: Option<Duration>,
}

/// Why the search ends before the result is minimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// As many runs as allowed.
    Runs,
    /// As much time as allowed.
    Budget,
    /// Somebody asked for it.
    Interrupted,
}

/// What is known of a candidate.
enum Known {
    /// It was asked for: it was accepted, or it is none.
    Asked,
    /// It ran ahead of its turn; `None` if it hung, or brought the harness down.
    Ahead(Option<Box<RunReport>>),
}

/// Tries candidates against the run that is to be shrunk.
///
/// * No text runs twice, and none is accepted twice: a search that goes on comes to an end.
/// * What is accepted, and `runs`, do not depend on `jobs`.
pub struct Trials<'a> {
    target: Target,
    limits: Limits,
    stop: &'a Interrupt,
    patience: Duration,
    stopwatch: Stopwatch,
    known: BTreeMap<String, Known>,
    /// Runs whose result was asked for.
    pub runs: u64,
    /// Candidates that were accepted.
    pub accepted: u64,
    /// Candidates that hung, or brought the harness down: nobody knows whether they fail alike.
    pub unjudged: u64,
}

impl<'a> Trials<'a> {
    /// Runs the script that is to be shrunk, and takes its signature for the one that all others must have.
    ///
    /// # Errors
    /// If there is no such run.
    pub fn begin(
        start: Scenario,
        limits: Limits,
        stop: &'a Interrupt,
    ) -> Result<(Trials<'a>, Subject), NotBegun> {
        let stopwatch = Stopwatch::start();
        let Ran { report, .. } = first_run(&start, stop)?;
        let patience = (stopwatch.elapsed() * PATIENCE).max(PATIENCE_LEAST);
        let known = BTreeMap::from([(start.to_toml(), Known::Asked)]);
        let target = Target::new(&start, report.clone());
        let (runs, accepted, unjudged) = (1, 0, 0);
        let trials = Trials { target, limits, stop, patience, stopwatch, known, runs, accepted, unjudged };
        Ok((trials, Subject { scenario: start, report }))
    }

    /// The run to be shrunk.
    pub fn target(&self) -> &RunReport {
        &self.target.report
    }

    /// Since the beginning, in wall-clock time.
    pub fn elapsed(&self) -> Duration {
        self.stopwatch.elapsed()
    }

    /// How the run of a candidate differs from the one to be shrunk; `None` if it fails alike.
    pub fn difference(&self, scenario: &Scenario, report: &RunReport) -> Option<Difference> {
        self.target.difference(scenario, report)
    }

    fn is_alike(&self, scenario: &Scenario, report: &RunReport) -> bool {
        self.difference(scenario, report).is_none()
    }

    /// The first of these candidates that fails as the target does, with its position.
    ///
    /// # Errors
    /// If it has to stop before that is known.
    pub fn first(&mut self, candidates: Vec<Scenario>) -> Result<Option<(usize, Subject)>, Stopped> {
        let mut texts = Vec::new();
        for (position, candidate) in candidates.into_iter().enumerate() {
            let text = candidate.to_toml();
            let new = !matches!(self.known.get(&text), Some(Known::Asked));
            if new && !texts.iter().any(|(_, known)| *known == text) {
                texts.push((position, text));
            }
        }
        let mut rest = &texts[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(self.limits.jobs.clamp(1, rest.len()));
            self.run_ahead(now)?;
            for (position, text) in now {
                // What the reader refuses is no candidate and costs nothing.
                let Ok(scenario) = parse(&self.target.report.scenario.path, text) else { continue };
                if self.limits.runs_max.is_some_and(|most| most <= self.runs) {
                    return Err(Stopped::Runs);
                }
                self.runs += 1;
                let Some(Known::Ahead(Some(report))) = self.known.insert(text.clone(), Known::Asked) else {
                    self.unjudged += 1;
                    continue;
                };
                if self.is_alike(&scenario, &report) {
                    self.accepted += 1;
                    return Ok(Some((*position, Subject { scenario, report: *report })));
                }
            }
            rest = later;
        }
        Ok(None)
    }

    /// Runs those of which nothing is known.
    fn run_ahead(&mut self, texts: &[(usize, String)]) -> Result<(), Stopped> {
        if self.stop.is_raised() {
            return Err(Stopped::Interrupted);
        }
        if self.limits.budget.is_some_and(|budget| budget <= self.elapsed()) {
            return Err(Stopped::Budget);
        }
        let new: Vec<&String> =
            texts.iter().map(|(_, text)| text).filter(|text| !self.known.contains_key(*text)).collect();
        let read = new.iter().filter_map(|text| parse(&self.target.report.scenario.path, text).ok());
        let scenarios: Vec<Scenario> = read.collect();
        let all = run_all(&scenarios, (self.stop, self.patience), |one, report| self.is_alike(one, report));
        if self.stop.is_raised() {
            return Err(Stopped::Interrupted);
        }
        let reports: Vec<Option<RunReport>> = all.into_iter().map(|ran| ran.map(|ran| ran.report)).collect();
        let good = scenarios
            .iter()
            .zip(&reports)
            .position(|(one, report)| report.as_ref().is_some_and(|report| self.is_alike(one, report)));
        for (index, (scenario, report)) in scenarios.iter().zip(reports).enumerate() {
            let ended = report.filter(|report| !report.cut_short);
            // Cut short because of an earlier one: nothing is known of it. Otherwise it hung.
            if ended.is_some() || good.is_none_or(|good| index < good) {
                self.known.insert(scenario.source.to_string(), Known::Ahead(ended.map(Box::new)));
            }
        }
        Ok(())
    }

    /// What comes of each of these, by running them once more; `None` for what cannot be read, or hung.
    pub fn outcomes(&self, candidates: &[Scenario]) -> Vec<Option<RunReport>> {
        let path = &self.target.report.scenario.path;
        let read: Vec<Option<Scenario>> =
            candidates.iter().map(|candidate| parse(path, &candidate.to_toml()).ok()).collect();
        let sound: Vec<Scenario> = read.iter().flatten().cloned().collect();
        let mut reports = Vec::new();
        for some in sound.chunks(self.limits.jobs.max(1)) {
            reports.extend(run_all(some, (self.stop, self.patience), |_, _| false));
        }
        let mut reports = reports.into_iter();
        read.into_iter()
            .map(|scenario| scenario.and_then(|_| reports.next().flatten()).map(|ran| ran.report))
            .map(|report| report.filter(|report| !report.cut_short))
            .collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Takes hours of simulated time, and seconds at least of real time.
    pub fn endless() -> Scenario {
        let text = "name = \"a\"\nseed = 1\n[cluster]\nbrokers = 1\n\
                    [[topic]]\nname = \"orders\"\nreplication.factor = 1\n\
                    [[producer]]\ntopics = [\"orders\"]\nrecords = 1\n[phases]\nfaults = \"10h\"\n";
        parse("a.toml", text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn what_hangs_is_not_taken_for_what_loses_the_failure() {
        let (endless, stop) = (endless(), Interrupt::new(false));
        let mut short = endless.clone();
        short.phases.faults = Duration::from_millis(100);
        let limits = Limits { jobs: 1, runs_max: None, budget: None };
        let (mut trials, _) = Trials::begin(short, limits, &stop).unwrap();
        trials.patience = Duration::ZERO;
        assert_eq!(trials.first(vec![endless.clone()]).map(|found| found.is_some()), Ok(false));
        assert_eq!((trials.runs, trials.unjudged), (2, 1));
        assert!(trials.outcomes(&[endless])[0].is_none(), "it came to something");
    }
}
