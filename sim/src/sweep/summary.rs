//! What many runs came to: `summary.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::group::{Group, Groups};
use super::result::{Build, KindCount, RunResult};
use super::shard::Shard;
use crate::report::Counts;
use crate::verdict::Verdict;

/// What the runs of a sweep, or of several merged ones, came to.
///
/// Invariant: it is the same in whichever order results were added, but for wall-clock times.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How many runs were planned.
    pub planned: u64,
    /// How many of those that were run had been run before.
    pub reused: u64,
    /// Why the others were not run.
    pub stopped: Option<String>,
    /// Whether something is missing that nobody wanted to leave out: a limit that was asked for is no such thing.
    pub incomplete: bool,
    /// Hash of the whole plan, of which shards have parts; empty if there was not one.
    pub plan: String,
    /// Which parts of the whole these are; none if this is the whole.
    pub shards: Vec<Shard>,
    /// How long it took in wall-clock time, without what was reused.
    pub wall: Duration,
    /// How many runs at a time.
    pub jobs: usize,
    /// By name.
    pub scenarios: BTreeMap<String, Row>,
    /// What no scenario expects.
    pub failures: Groups,
    /// What the scenarios expect to be found.
    pub expected: Groups,
    /// Client operations of all runs.
    pub counts: Counts,
    /// Trace events by name.
    pub trace_events: BTreeMap<String, u64>,
    /// Faults by kind.
    pub faults: BTreeMap<String, Kind>,
    /// Runs in which no fault began.
    pub without_fault: u64,
    /// Those of them for which none was planned or drawn.
    pub none_planned: u64,
    /// Runs that were made twice, and compared.
    pub checked_twice: u64,
    /// Simulated time of all runs.
    pub simulated_us: u64,
    /// Simulated time of those that were run now.
    pub simulated_now_us: u64,
    /// The programs that ran.
    pub builds: BTreeSet<Build>,
    /// What runs came to, and whether that was expected: each pair once.
    pub verdicts: BTreeSet<(Verdict, bool)>,
}

/// One scenario.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// How many runs.
    pub run: u64,
    /// How many did not go as expected.
    pub failed: u64,
    /// What they came to.
    pub verdicts: BTreeMap<String, u64>,
}

/// Faults of one kind.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Kind {
    /// Runs for which it was planned or drawn.
    pub runs: u64,
    /// How often.
    #[serde(flatten)]
    pub count: KindCount,
}

impl Summary {
    /// Adds a run; `reused` if it had been run before. Returns the result that was the cheapest of its group until now.
    pub fn add(&mut self, result: &RunResult, reused: bool) -> Option<RunResult> {
        let row = self.scenarios.entry(result.scenario.name.clone()).or_default();
        row.run += 1;
        row.failed += u64::from(!result.as_expected);
        *row.verdicts.entry(result.verdict.to_string()).or_default() += 1;
        self.reused += u64::from(reused);
        self.verdicts.insert((result.verdict, result.as_expected));
        if !self.builds.contains(&result.build) {
            self.builds.insert(result.build.clone());
        }
        self.count(&result.counts);
        for (name, count) in &result.trace_events {
            match self.trace_events.get_mut(name) {
                Some(sum) => *sum += count,
                None => drop(self.trace_events.insert(name.clone(), *count)),
            }
        }
        for (name, count) in &result.faults {
            let kind = self.faults.entry(name.clone()).or_default();
            kind.runs += 1;
            kind.count.begun += count.begun;
            kind.count.effective += count.effective;
        }
        self.without_fault += u64::from(result.faults.values().all(|kind| kind.begun == 0));
        self.none_planned += u64::from(result.faults.is_empty());
        self.checked_twice += u64::from(result.checked_twice);
        self.simulated_us += result.simulated_us;
        self.simulated_now_us += if reused { 0 } else { result.simulated_us };
        self.groups_of(result).add(result)
    }

    /// The groups that `result` belongs to, if it belongs to any.
    pub fn groups_of(&mut self, result: &RunResult) -> &mut Groups {
        if result.as_expected { &mut self.expected } else { &mut self.failures }
    }

    fn count(&mut self, counts: &Counts) {
        self.counts.acknowledged += counts.acknowledged;
        self.counts.failed += counts.failed;
        self.counts.indeterminate += counts.indeterminate;
        self.counts.polled_records += counts.polled_records;
        self.counts.final_records += counts.final_records;
    }

    /// How many runs came to an end.
    pub fn run(&self) -> u64 {
        self.scenarios.values().map(|row| row.run).sum()
    }

    /// How many of these did not go as expected.
    pub fn failed(&self) -> u64 {
        self.scenarios.values().map(|row| row.failed).sum()
    }

    /// How many were planned and not run.
    pub fn not_reached(&self) -> u64 {
        self.planned.saturating_sub(self.run())
    }

    /// Runs per second of wall-clock time, and simulated seconds per second; `None` if nothing was run now.
    pub fn speed(&self) -> Option<(f64, f64)> {
        let now = self.run() - self.reused;
        let seconds = self.wall.as_secs_f64();
        (0 < now && 0.0 < seconds).then(|| {
            (now as f64 / seconds, Duration::from_micros(self.simulated_now_us).as_secs_f64() / seconds)
        })
    }

    /// Whether there is nothing to run for this part of a whole: the other parts show what there is to show.
    pub fn is_empty_shard(&self) -> bool {
        self.planned == 0 && !self.shards.is_empty()
    }

    /// Why all of it together shows nothing, if it does.
    pub fn vacuous(&self) -> Option<&'static str> {
        let only_as_expected = || self.verdicts.iter().all(|known| *known == (Verdict::Vacuous, true));
        if self.is_empty_shard() {
            None
        } else if self.run() == 0 {
            Some("nothing was run")
        } else if self.counts.acknowledged == 0 && !only_as_expected() {
            Some("nothing was acknowledged in any run")
        } else {
            None
        }
    }

    /// Kinds of faults that were planned or drawn and never began, and in how many runs; then those that began and never
    /// changed anything.
    pub fn never(&self) -> [Vec<(&str, u64)>; 2] {
        let kinds = |wanted: fn(&KindCount) -> bool| {
            let found = self.faults.iter().filter(|(_, kind)| wanted(&kind.count));
            found.map(|(name, kind)| (name.as_str(), kind.runs)).collect()
        };
        [kinds(|count| count.begun == 0), kinds(|count| 0 < count.begun && count.effective == 0)]
    }

    /// The exit codes of single runs, and of all together.
    pub fn exit_codes(&self) -> impl Iterator<Item = u8> {
        let runs = self.verdicts.iter().map(|(verdict, as_expected)| verdict.exit_code_unless(*as_expected));
        runs.chain(self.vacuous().map(|_| Verdict::Vacuous.exit_code()))
    }

    /// As in `summary.json`.
    pub fn to_json(&self) -> Value {
        let never = self.never().map(|kinds| kinds.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        let speed = self.speed();
        json!({
            "version": 1,
            "planned": self.planned,
            "run": self.run(),
            "reused": self.reused,
            "failed": self.failed(),
            "not_reached": self.not_reached(),
            "stopped": self.stopped,
            "complete": !self.incomplete,
            "plan": self.plan,
            "vacuous": self.vacuous(),
            "shards": self.shards,
            "builds": self.builds,
            "scenarios": self.scenarios,
            "failures": groups(&self.failures),
            "expected": groups(&self.expected),
            "counts": self.counts,
            "faults": self.faults,
            "faults_never_begun": never[0],
            "faults_never_effective": never[1],
            "runs_without_fault": self.without_fault,
            "runs_with_none_planned": self.none_planned,
            "trace_events": self.trace_events,
            "simulated_us": self.simulated_us,
            "env": {
                "wall_ms": u64::try_from(self.wall.as_millis()).unwrap_or(u64::MAX),
                "jobs": self.jobs,
                "seeds_per_second": speed.map(|(seeds, _)| seeds),
                "simulated_per_real_second": speed.map(|(_, simulated)| simulated),
            },
        })
    }
}

fn groups(groups: &Groups) -> Vec<Value> {
    let group = |(signature, group): (&str, &Group)| {
        let cheapest = &group.cheapest;
        json!({
            "signature": signature,
            "count": group.count,
            "within_contract": group.within_contract,
            "scenarios": group.scenarios,
            "anomalies": group.anomalies,
            "cheapest": { "scenario": cheapest.scenario, "seed": cheapest.seed, "events": cheapest.events,
                          "digest": cheapest.digest },
            "says": cheapest.says,
            "replay": cheapest.replay(None),
            "report": cheapest.run_dir(),
        })
    };
    groups.by_count().into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::result;
    use super::*;

    #[test]
    fn it_says_planned_run_failed_and_not_reached() {
        let mut summary = Summary { planned: 5, ..Summary::default() };
        assert_eq!(summary.vacuous(), Some("nothing was run"));
        summary.add(&result("a", 1, None, 3), true);
        summary.add(&result("a", 2, Some("lost"), 3), false);
        summary.add(&result("b", 1, Some("lost"), 2), false);
        let said = (summary.planned, summary.run(), summary.reused, summary.failed(), summary.not_reached());
        assert_eq!(said, (5, 3, 1, 2, 2));
        assert_eq!(summary.exit_codes().max(), Some(1));
        let json = summary.to_json();
        assert_eq!(json["failures"][0]["cheapest"]["scenario"]["name"], "b");
        assert_eq!(json["scenarios"]["a"]["verdicts"]["pass"], 1);
        assert_eq!(json["runs_with_none_planned"], 3);
    }

    #[test]
    fn kinds_that_never_happened_are_named() {
        let mut summary = Summary::default();
        let mut result = result("a", 1, None, 3);
        let kinds = [("kill", (2, 1)), ("pause", (1, 0)), ("bit_rot", (0, 0))];
        result.faults = kinds
            .map(|(kind, (begun, effective))| (kind.to_owned(), KindCount { begun, effective }))
            .into_iter()
            .collect();
        summary.add(&result, false);
        assert_eq!(summary.never(), [vec![("bit_rot", 1)], vec![("pause", 1)]]);
        assert_eq!((summary.without_fault, summary.none_planned), (0, 0));
    }

    #[test]
    fn runs_that_acknowledged_nothing_show_nothing() {
        let mut summary = Summary::default();
        let mut result = result("a", 1, None, 3);
        result.counts.acknowledged = 0;
        summary.add(&result, false);
        assert_eq!(summary.vacuous(), Some("nothing was acknowledged in any run"));
        assert!(summary.exit_codes().any(|code| code == 4));
    }
}
