//! What is kept of a run: one line of `results.jsonl`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::checker::Violation;
use crate::report::{Counts, RunDir, RunReport, ScenarioRef, hash, is_one_component, replay_line};
use crate::seed::Seed;
use crate::verdict::Verdict;

/// The signature of runs that did not end in time.
pub const TIMEOUT: &str = "timeout";

/// The program that runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Build {
    /// Hash of the executable: runs of other programs are other runs.
    pub hash: String,
    /// The commit it was built from, if that is known.
    pub commit: Option<String>,
}

/// What is kept of a run. Times are simulated microseconds unless named otherwise.
///
/// Invariants:
/// * A run that was interrupted has no result.
/// * `scenario.name` is one component of a path: a file from elsewhere cannot name a directory anywhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResult {
    /// Hash of the scenario's text, the seed and the build: what decides a run.
    pub key: String,
    /// Which scenario.
    pub scenario: ScenarioRef,
    /// Hash of the scenario's text.
    pub scenario_hash: String,
    /// Which seed.
    pub seed: u64,
    /// Which program.
    pub build: Build,
    /// What the run came to.
    pub verdict: Verdict,
    /// What the scenario expects.
    pub expected: String,
    /// Whether that is what it came to.
    pub as_expected: bool,
    /// Which failures are the same; `None` for a pass that was expected.
    pub signature: Option<String>,
    /// The anomalies that were found, each once.
    pub anomalies: Vec<String>,
    /// Whether any of them breaks a promise.
    #[serde(default)]
    pub within_contract: bool,
    /// What it means, in one line; empty if there is nothing to say.
    pub says: String,
    /// Digest of the trace.
    pub digest: String,
    /// Events of the trace: what a run costs whoever reads it.
    pub events: u64,
    /// How long it took in simulated time.
    pub simulated_us: u64,
    /// How long it took in milliseconds of wall-clock time.
    pub wall_ms: u64,
    /// Client operations.
    pub counts: Counts,
    /// Faults by kind, also those that were planned or drawn and never began.
    pub faults: BTreeMap<String, KindCount>,
    /// Trace events by name.
    pub trace_events: BTreeMap<String, u64>,
    /// Whether two runs were compared.
    pub checked_twice: bool,
    /// Whether its failure can be made small: other runs can have the same one.
    #[serde(default)]
    pub can_shrink: bool,
    /// Whether the directory of this run was written beside the results.
    pub has_run_dir: bool,
}

/// What became of the faults of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindCount {
    /// How many began.
    pub begun: u64,
    /// How many of these changed something.
    pub effective: u64,
}

impl RunResult {
    /// What is kept of the run that gave `report`.
    pub fn of(report: &RunReport, build: &Build) -> RunResult {
        assert_ne!(report.verdict, Verdict::Interrupted, "a run that was interrupted has no result");
        let surprise = !report.as_expected;
        let no_violation = || format!("pass where {} was expected", report.expected);
        let mut anomalies: Vec<String> =
            report.violations.iter().map(|violation| violation.anomaly.to_string()).collect();
        anomalies.sort();
        anomalies.dedup();
        let scenario_hash = report.hashes.scenario.clone();
        let says = meaning(report);
        RunResult {
            key: key(&scenario_hash, Seed(report.seed), build),
            scenario: report.scenario.clone(),
            scenario_hash,
            seed: report.seed,
            build: build.clone(),
            verdict: report.verdict,
            expected: report.expected.clone(),
            as_expected: report.as_expected,
            signature: report.signature.clone().or_else(|| surprise.then(no_violation)),
            anomalies,
            within_contract: report.violations.iter().any(Violation::is_within_contract),
            says: says.split_whitespace().collect::<Vec<_>>().join(" "),
            digest: report.digest.clone(),
            events: report.trace_events.values().sum(),
            simulated_us: report.phases.iter().map(|phase| phase.ended_us).max().unwrap_or(0),
            wall_ms: report.env.wall_ms,
            counts: report.counts,
            faults: faults(report),
            trace_events: report.trace_events.clone(),
            checked_twice: false,
            can_shrink: can_shrink(report),
            has_run_dir: false,
        }
    }

    /// Where its files are, below the directory of reports.
    pub fn run_dir(&self) -> Option<PathBuf> {
        assert!(is_one_component(&self.scenario.name), "{:?} leads elsewhere", self.scenario.name);
        self.has_run_dir.then(|| Path::new("sweep").join(&self.scenario.name).join(self.seed.to_string()))
    }

    /// Whether its files are below `reports`, and no others in their place.
    pub fn is_in(&self, reports: &Path) -> bool {
        let run = self.run_dir().and_then(|place| RunDir::read(&reports.join(place)).ok());
        run.is_some_and(|run| {
            run.report.digest == self.digest && run.report.hashes.scenario == self.scenario_hash
        })
    }

    /// What to type to see it again, with its files if they are below `reports`.
    pub fn replay(&self, reports: Option<&Path>) -> String {
        let place = reports.and_then(|reports| Some(reports.join(self.run_dir()?)));
        replay_line(place.as_deref(), &self.scenario.path, self.seed)
    }

    /// What to type to make it small, if that can be done.
    pub fn shrink(&self, reports: Option<&Path>) -> Option<String> {
        self.can_shrink.then(|| self.replay(reports).replacen("replay", "shrink", 1))
    }

    /// Whether it cannot have been written like this.
    pub fn contradicts_itself(&self) -> bool {
        let failed = self.signature.is_some() || !self.anomalies.is_empty();
        self.as_expected && self.verdict == Verdict::Pass && failed
    }

    /// The exit code of its own.
    pub fn exit_code(&self) -> u8 {
        self.verdict.exit_code_unless(self.as_expected)
    }

    /// Whether it was stopped because of its time: another machine, or a second attempt, may come to another end.
    pub fn is_timeout(&self) -> bool {
        self.signature.as_deref() == Some(TIMEOUT)
    }
}

/// What decides a run, as one hash.
pub fn key(scenario_hash: &str, seed: Seed, build: &Build) -> String {
    hash(format!("{scenario_hash} {seed} {}", build.hash).as_bytes())
}

/// A run with less in it fails like this one only if brokers did: not the clock, not the harness, and not by passing.
fn can_shrink(report: &RunReport) -> bool {
    !report.as_expected
        && report.signature.as_deref() != Some(TIMEOUT)
        && match report.verdict {
            Verdict::Violation | Verdict::Liveness => true,
            // Two runs that differ have no panic.
            Verdict::HarnessBug => report.panic.as_ref().is_some_and(|panic| panic.host.is_some()),
            _ => false,
        }
}

/// The first reason for the verdict.
fn meaning(report: &RunReport) -> String {
    let violation = || report.violations.first().map(|violation| violation.summary.clone());
    let panic = || report.panic.as_ref().map(|panic| panic.message.clone());
    let reasons =
        || [&report.unknown, &report.vacuous].into_iter().find_map(|reasons| reasons.first().cloned());
    let first = match report.verdict {
        Verdict::Pass => None,
        Verdict::HarnessBug => panic().or_else(reasons),
        _ => violation().or_else(|| report.liveness.clone()).or_else(reasons),
    };
    first.unwrap_or_default()
}

fn faults(report: &RunReport) -> BTreeMap<String, KindCount> {
    let mut kinds: BTreeMap<String, KindCount> = BTreeMap::new();
    for nemesis in &report.nemeses {
        kinds.entry(nemesis.kind.clone()).or_default();
    }
    for fault in &report.faults {
        let kind = kinds.entry(fault.kind.clone()).or_default();
        kind.begun += u64::from(fault.started_us.is_some());
        kind.effective += u64::from(fault.started_us.is_some() && !fault.vacuous);
    }
    kinds
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn result(name: &str, seed: u64, signature: Option<&str>, events: u64) -> RunResult {
        let build = Build { hash: "b".to_owned(), commit: None };
        let path = format!("scenarios/{name}.toml");
        RunResult {
            key: key(name, Seed(seed), &build),
            scenario: ScenarioRef { name: name.to_owned(), path },
            scenario_hash: name.to_owned(),
            seed,
            build,
            verdict: if signature.is_some() { Verdict::Violation } else { Verdict::Pass },
            expected: "pass".to_owned(),
            as_expected: signature.is_none(),
            signature: signature.map(str::to_owned),
            anomalies: Vec::new(),
            within_contract: false,
            says: "something is wrong".to_owned(),
            digest: format!("{seed:016x}"),
            events,
            simulated_us: 1_000_000,
            wall_ms: 10,
            counts: Counts { acknowledged: 1, ..Counts::default() },
            faults: BTreeMap::new(),
            trace_events: BTreeMap::new(),
            checked_twice: false,
            can_shrink: signature.is_some(),
            has_run_dir: false,
        }
    }

    #[test]
    fn another_text_seed_or_program_is_another_run() {
        let build = |hash: &str| Build { hash: hash.to_owned(), commit: None };
        let keys = [
            key("a", Seed(1), &build("x")),
            key("b", Seed(1), &build("x")),
            key("a", Seed(2), &build("x")),
            key("a", Seed(1), &build("y")),
        ];
        for (index, one) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(one), "{keys:?}");
        }
    }

    #[test]
    fn results_survive_the_round_trip() {
        let result = result("a", u64::MAX, Some("lost-write"), 3);
        let text = serde_json::to_string(&result).expect("serializes");
        assert_eq!(serde_json::from_str::<RunResult>(&text).expect("reads"), result);
    }

    #[test]
    fn a_pass_where_a_violation_was_expected_is_a_failure_of_its_own() {
        let reference = ScenarioRef { name: "a".to_owned(), path: "a.toml".to_owned() };
        let mut report = RunReport::new(reference, 1);
        report.verdict = Verdict::Pass;
        report.expected = "lost-write".to_owned();
        let build = Build { hash: "x".to_owned(), commit: None };
        let result = RunResult::of(&report, &build);
        assert_eq!(result.signature.as_deref(), Some("pass where lost-write was expected"));
        assert_eq!((result.exit_code(), result.shrink(None)), (1, None));
    }
}
