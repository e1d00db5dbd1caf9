//! Trying candidates: which of them fail alike.

use std::collections::BTreeMap;
use std::time::Duration;

use super::subject::Subject;
use super::workers::{Stopwatch, run_all};
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
    /// It ran ahead of its turn.
    Ahead(Option<Box<RunReport>>),
}

/// Tries candidates against the run that is to be shrunk.
///
/// * No text runs twice, and none is accepted twice: a search that goes on comes to an end.
/// * What is accepted, and `runs`, do not depend on `jobs`.
pub struct Trials<'a> {
    target: RunReport,
    limits: Limits,
    stop: &'a Interrupt,
    patience: Duration,
    stopwatch: Stopwatch,
    known: BTreeMap<String, Known>,
    /// Runs whose result was asked for.
    pub runs: u64,
    /// Candidates that were accepted.
    pub accepted: u64,
}

impl<'a> Trials<'a> {
    /// Runs the script that is to be shrunk, and takes its signature for the one that all others must have. `None` if it
    /// was interrupted, or the harness panicked outside of any host.
    pub fn begin(start: Scenario, limits: Limits, stop: &'a Interrupt) -> Option<(Trials<'a>, Subject)> {
        let stopwatch = Stopwatch::start();
        let report = run_all(std::slice::from_ref(&start), (stop, Duration::MAX), |_| true).pop()??;
        let patience = (stopwatch.elapsed() * PATIENCE).max(PATIENCE_LEAST);
        let known = BTreeMap::from([(start.to_toml(), Known::Asked)]);
        let target = report.clone();
        let trials = Trials { target, limits, stop, patience, stopwatch, known, runs: 1, accepted: 0 };
        (!report.cut_short).then_some((trials, Subject { scenario: start, report }))
    }

    /// The run to be shrunk.
    pub fn target(&self) -> &RunReport {
        &self.target
    }

    /// Since the beginning, in wall-clock time.
    pub fn elapsed(&self) -> Duration {
        self.stopwatch.elapsed()
    }

    /// Whether this run fails as the target does. Nothing may be in vain that was not, and nothing else be wrong: such a
    /// run would not be as expected even if its violation is.
    pub fn is_alike(&self, report: &RunReport) -> bool {
        let no_worse = |was: bool, is: bool| was || !is;
        report.signature.is_some()
            && report.signature == self.target.signature
            && no_worse(!self.target.vacuous.is_empty(), !report.vacuous.is_empty())
            && no_worse(!self.target.unknown.is_empty(), !report.unknown.is_empty())
            && no_worse(self.target.liveness.is_some(), report.liveness.is_some())
            && no_worse(!self.target.as_expected, !report.as_expected)
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
                let Ok(scenario) = parse(&self.target.scenario.path, text) else { continue };
                if self.limits.runs_max.is_some_and(|most| most <= self.runs) {
                    return Err(Stopped::Runs);
                }
                self.runs += 1;
                let Some(Known::Ahead(Some(report))) = self.known.insert(text.clone(), Known::Asked) else {
                    continue;
                };
                if self.is_alike(&report) {
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
        let read = new.iter().filter_map(|text| parse(&self.target.scenario.path, text).ok());
        let scenarios: Vec<Scenario> = read.collect();
        let reports = run_all(&scenarios, (self.stop, self.patience), |report| self.is_alike(report));
        if self.stop.is_raised() {
            return Err(Stopped::Interrupted);
        }
        let good =
            reports.iter().position(|report| report.as_ref().is_some_and(|report| self.is_alike(report)));
        for (index, (scenario, report)) in scenarios.iter().zip(reports).enumerate() {
            let cut_short = report.as_ref().is_some_and(|report| report.cut_short);
            // Cut short because of an earlier one: nothing is known of it. Otherwise it hung.
            if !cut_short || good.is_none_or(|good| index < good) {
                self.known.insert(scenario.source.to_string(), Known::Ahead(report.map(Box::new)));
            }
        }
        Ok(())
    }

    /// What comes of each of these, by running them once more; `None` for what cannot be read, or hung.
    pub fn outcomes(&self, candidates: &[Scenario]) -> Vec<Option<RunReport>> {
        let path = &self.target.scenario.path;
        let read: Vec<Option<Scenario>> =
            candidates.iter().map(|candidate| parse(path, &candidate.to_toml()).ok()).collect();
        let sound: Vec<Scenario> = read.iter().flatten().cloned().collect();
        let mut reports = Vec::new();
        for some in sound.chunks(self.limits.jobs.max(1)) {
            reports.extend(run_all(some, (self.stop, self.patience), |_| false));
        }
        let mut reports = reports.into_iter();
        read.into_iter()
            .map(|scenario| scenario.and_then(|_| reports.next().flatten()))
            .map(|report| report.filter(|report| !report.cut_short))
            .collect()
    }
}
