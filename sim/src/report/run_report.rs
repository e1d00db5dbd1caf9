//! The schema of `run.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use super::flush_report::FlushReport;
use crate::checker::Violation;
use crate::explain::Explanation;
use crate::history::{History, OpF, OpKind, Operation, PolledRecord, ProcessId, Reading};
use crate::trace::TraceDigest;
use crate::verdict::Verdict;

/// Everything there is to say about one run. Times are simulated microseconds since its start unless named otherwise.
///
/// Invariant: two runs of one scenario, seed and build differ at most in `env`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// Version of this schema: [`RunReport::VERSION`].
    pub version: u32,
    /// Which scenario.
    pub scenario: ScenarioRef,
    /// Which seed.
    pub seed: u64,
    /// What the run came to.
    pub verdict: Verdict,
    /// Whether that is what the scenario expects.
    pub as_expected: bool,
    /// Whether it was interrupted before its last phase was over. Then only what it had found by then is known, and the
    /// digest is that of a part.
    #[serde(default)]
    pub cut_short: bool,
    /// What the scenario expects, in its own words: `pass`, or a violation's name.
    pub expected: String,
    /// Which failures are the same: what is wrong and how it came to it, without names and numbers. `None` for a pass
    /// and for a run that was interrupted.
    #[serde(default)]
    pub signature: Option<String>,
    /// What the checkers and oracles found.
    pub violations: Vec<Violation>,
    /// Properties of state that did not hold and that the settings do not promise after such faults: clients need not have
    /// seen them, and they decide nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beyond: Vec<Violation>,
    /// What could not be judged, and why.
    pub unknown: Vec<String>,
    /// How much there was to judge by, and what each checker came to.
    #[serde(default)]
    pub judged: Judged,
    /// Copies that rotted and were not whole again in the end, noticed or not.
    #[serde(default)]
    pub unrepaired: Vec<String>,
    /// Why the cluster did not serve again after it was healed.
    pub liveness: Option<String>,
    /// Why the run shows nothing.
    pub vacuous: Vec<String>,
    /// How it came to each violation, in the same order.
    pub explanation: Explanation,
    /// The panic that ended the run.
    pub panic: Option<PanicReport>,
    /// Digest of the trace, 16 hexadecimal digits.
    pub digest: String,
    /// Client operations.
    pub counts: Counts,
    /// Trace events by name.
    pub trace_events: BTreeMap<String, u64>,
    /// What the nemesis did, in the order of the plan.
    pub faults: Vec<FaultReport>,
    /// What random nemeses did, in the order of the plan.
    #[serde(default)]
    pub nemeses: Vec<NemesisReport>,
    /// How far faults went.
    #[serde(default)]
    pub reached: Reached,
    /// Disk statistics by host, then by name.
    pub disks: BTreeMap<String, BTreeMap<String, u64>>,
    /// What flushing came to, by host.
    #[serde(default)]
    pub flushing: BTreeMap<String, FlushReport>,
    /// The phases that were entered.
    pub phases: Vec<PhaseReport>,
    /// The longest time without any acknowledgement while some send waited for one.
    pub longest_unavailable_us: u64,
    /// Acknowledged records that retention deleted: they are not lost.
    #[serde(default)]
    pub deleted_by_retention: u64,
    /// What a swarm drew for this seed, by section and key; empty for a plain scenario.
    #[serde(default)]
    pub drawn: BTreeMap<String, String>,
    /// What the run depends on, besides the build.
    pub hashes: Hashes,
    /// Where and when it ran: the only part that may differ between two runs.
    pub env: EnvReport,
}

/// A scenario and its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioRef {
    /// Its `name`: one path component.
    pub name: String,
    /// Its file, as given on the command line.
    pub path: String,
}

/// Client operations of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Sends that ended `ok`.
    pub acknowledged: u64,
    /// Sends that ended `fail`.
    pub failed: u64,
    /// Sends that ended `info` or not at all.
    pub indeterminate: u64,
    /// Records returned by polls while the workload ran.
    pub polled_records: u64,
    /// Records returned by final reads.
    pub final_records: u64,
}

/// One fault and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultReport {
    /// Its number: scripted faults in the order of the scenario, then random ones as they began.
    pub index: u32,
    /// Line of the `[[fault]]` or `[[nemesis]]` that asks for it.
    pub line: u32,
    /// Whether a `[[nemesis]]` drew it.
    pub random: bool,
    /// Its kind, such as `power_loss`.
    pub kind: String,
    /// Its target as written, such as `leader(orders-0)`.
    pub target: String,
    /// What it waited for, if not for a time; and how often that was counted, if it never began.
    pub when: Option<String>,
    /// What should have ended it and did not come before the heal.
    #[serde(default)]
    pub until: Option<String>,
    /// The hosts that the target meant when the fault began.
    pub resolved: Vec<String>,
    /// When it began; `None` if it never did.
    pub started_us: Option<u64>,
    /// When it ended.
    pub ended_us: Option<u64>,
    /// What it changed, such as `messages_dropped`.
    pub effect: BTreeMap<String, u64>,
    /// What happened while it lasted, such as `elections`: perhaps because of it.
    pub meanwhile: BTreeMap<String, u64>,
    /// Whether it may change nothing.
    pub may_miss: bool,
    /// Whether it changed nothing.
    pub vacuous: bool,
}

/// One `[[nemesis]]` and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NemesisReport {
    /// Its line in the scenario.
    pub line: u32,
    /// The kind of its faults.
    pub kind: String,
    /// Their target as written.
    pub target: String,
    /// How many faults it drew that began.
    pub begun: u64,
    /// How many it drew that the limits held back.
    pub held_back: u64,
    /// How many of those that began changed something.
    pub effective: u64,
    /// Whether none of them may change anything.
    pub may_miss: bool,
}

/// The greatest numbers of what `[limits]` go by, whether anything was limited or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Brokers that were dead, without power or paused at a time.
    pub brokers_down: u64,
    /// Brokers that were not whole at a time, if any of them may have lost what was not durable.
    pub lossy_crashes: u64,
}

/// One phase of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseReport {
    /// Its name.
    pub name: String,
    /// When it began.
    pub started_us: u64,
    /// When it ended.
    pub ended_us: u64,
}

/// A panic inside the simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanicReport {
    /// What it says.
    pub message: String,
    /// On which host, if on one.
    pub host: Option<String>,
    /// When.
    pub time_us: u64,
    /// File and line.
    pub location: Option<String>,
}

/// Hashes of what the run depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashes {
    /// Of the resolved scenario.
    pub scenario: String,
}

/// Facts of the machine, the build and the wall clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvReport {
    /// Commit of the build, with `-dirty` if there were changes.
    pub git_commit: Option<String>,
    /// Hash of the program itself: equal for the same build only.
    #[serde(default)]
    pub build_hash: Option<String>,
    /// Hash of `Cargo.lock`.
    pub lock_hash: Option<String>,
    /// How long the run took, in milliseconds of wall-clock time.
    pub wall_ms: u64,
    /// Peak memory of the process, in bytes.
    pub memory_peak_bytes: Option<u64>,
    /// When it started, in wall-clock time (RFC 3339).
    pub started: String,
}

impl Hashes {
    /// Of a scenario with this text.
    pub fn of(source: &str) -> Hashes {
        Hashes { scenario: hash(source.as_bytes()) }
    }
}

/// As reports write it: 16 hexadecimal digits.
pub fn hash(bytes: &[u8]) -> String {
    format!("{:016x}", XxHash64::oneshot(0, bytes))
}

impl Counts {
    /// Counts the operations of `history`, probes and their records left out.
    pub fn of(history: &History) -> Counts {
        let mut counts = Counts::default();
        let probe = history.processes().iter().find(|info| info.is_probe()).map(|info| info.process);
        history.operations().iter().for_each(|operation| counts.count(operation, probe));
        counts
    }

    /// Counts one operation more, unless it is the probe's.
    pub fn count(&mut self, operation: &Operation, probe: Option<ProcessId>) {
        if probe == Some(operation.process) {
            return;
        }
        let counted = |records: &[PolledRecord]| {
            let client = |record: &PolledRecord| Some(ProcessId(record.message?.client()));
            let of_probe = |record: &&PolledRecord| probe.is_some() && client(record) == probe;
            (records.len() - records.iter().filter(of_probe).count()) as u64
        };
        match (&operation.f, operation.kind) {
            (OpF::Send { .. }, OpKind::Invoke) => self.indeterminate += 1,
            (OpF::Send { .. }, OpKind::Ok) => {
                self.acknowledged += 1;
                // Saturates for histories whose completions lack invocations; the checkers refuse those.
                self.indeterminate = self.indeterminate.saturating_sub(1);
            }
            (OpF::Send { .. }, OpKind::Fail) => {
                self.failed += 1;
                self.indeterminate = self.indeterminate.saturating_sub(1);
            }
            (OpF::Send { .. }, OpKind::Info) | (OpF::FinalRead { .. } | OpF::Seek { .. }, _) => {}
            (OpF::Poll { records, reading: Reading::Ongoing, .. }, _) => {
                self.polled_records += counted(records);
            }
            (OpF::Poll { records, reading: Reading::Final, .. }, _) => self.final_records += counted(records),
        }
    }
}

/// What judges were shown. A judge that was shown nothing has found nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Operations of the history that the checkers saw.
    pub operations: u64,
    /// Changes of the servers' state that the oracles saw, each.
    pub changes: u64,
    /// What each checker came to, by the anomaly that it looks for.
    pub checkers: BTreeMap<String, Verdict>,
}

impl RunReport {
    /// Raised when a field changes its meaning or goes away.
    pub const VERSION: u32 = 2;

    /// A report in which nothing has happened yet: vacuous, and expected to pass.
    pub fn new(scenario: ScenarioRef, seed: u64) -> RunReport {
        RunReport {
            version: RunReport::VERSION,
            scenario,
            seed,
            verdict: Verdict::Vacuous,
            as_expected: false,
            cut_short: false,
            expected: Verdict::Pass.to_string(),
            signature: None,
            violations: Vec::new(),
            beyond: Vec::new(),
            unknown: Vec::new(),
            judged: Judged::default(),
            unrepaired: Vec::new(),
            liveness: None,
            vacuous: Vec::new(),
            explanation: Explanation::default(),
            panic: None,
            digest: TraceDigest(0).to_string(),
            counts: Counts::default(),
            trace_events: BTreeMap::new(),
            faults: Vec::new(),
            nemeses: Vec::new(),
            reached: Reached::default(),
            disks: BTreeMap::new(),
            flushing: BTreeMap::new(),
            phases: Vec::new(),
            longest_unavailable_us: 0,
            deleted_by_retention: 0,
            drawn: BTreeMap::new(),
            hashes: Hashes::default(),
            env: EnvReport::default(),
        }
    }

    /// The same seed gave something else: that is the verdict now, whatever the run came to.
    pub fn is_nondeterministic(&mut self, reason: String) {
        self.verdict = Verdict::HarnessBug;
        self.as_expected = false;
        self.signature = Some("nondeterminism".to_owned());
        self.unknown.push(reason);
    }

    /// A second run that was to be compared with this one was interrupted: nothing was shown, unless what is found here
    /// is wrong by itself.
    pub fn is_not_compared(&mut self) {
        self.cut_short = true;
        if self.as_expected {
            self.verdict = Verdict::Interrupted;
        }
        self.verdict = self.verdict.and(Verdict::Interrupted);
        self.as_expected = false;
    }

    /// The report as text, with everything that may differ between two runs of one seed taken out.
    pub fn comparable(&self) -> String {
        let report = RunReport { env: EnvReport::default(), ..self.clone() };
        serde_json::to_string_pretty(&report).expect("every report serializes")
    }
}

#[cfg(test)]
mod tests {
    use broker_core::config::Acks;
    use broker_core::io::SendOutcome;
    use broker_core::time::Timestamp;
    use broker_core::types::{Offset, TopicPartition};

    use super::*;
    use crate::history::{MessageId, Order, ProcessInfo, Promise};

    #[test]
    fn only_the_environment_is_left_out_of_comparisons() {
        let scenario = ScenarioRef { name: "a".to_owned(), path: "scenarios/a.toml".to_owned() };
        let report = RunReport::new(scenario, 42);
        let mut elsewhere = report.clone();
        elsewhere.env.wall_ms = 7;
        assert_eq!(report.comparable(), elsewhere.comparable());
        elsewhere.counts.failed = 1;
        assert_ne!(report.comparable(), elsewhere.comparable());
    }

    #[test]
    fn operations_are_counted_by_how_they_ended() {
        let mut history = History::new();
        let (now, process, at) = (Timestamp(0), ProcessId(0), TopicPartition::new("orders", 0));
        history.declare(ProcessInfo { process, name: "both".to_owned(), promise: None });
        let ends = [
            Some(SendOutcome::Ok { offset: None }),
            Some(SendOutcome::Fail { errors: Vec::new() }),
            Some(SendOutcome::Info { errors: Vec::new() }),
            None,
        ];
        for (ordinal, end) in (0..).zip(ends) {
            let message = MessageId::new(0, ordinal);
            history.send_invoked(now, process, at.clone(), message);
            if let Some(outcome) = end {
                history.send_completed(now, process, at.clone(), message, outcome);
            }
        }
        let record = PolledRecord { offset: Offset(0), message: None };
        history.polled(now, process, at.clone(), vec![record; 3], Reading::Ongoing);
        history.polled(now, process, at.clone(), vec![record; 5], Reading::Final);
        history.final_read_completed(now, process, at, Offset(0), Offset(1));
        let probe = ProcessId(1);
        let promise = Promise { acks: Acks::All, idempotent: true, order: Order::Kept };
        history.declare(ProcessInfo {
            process: probe,
            name: ProcessInfo::PROBE.to_owned(),
            promise: Some(promise),
        });
        let (at, message) = (TopicPartition::new("orders", 0), MessageId::new(1, 0));
        history.send_invoked(now, probe, at.clone(), message);
        history.send_completed(now, probe, at.clone(), message, SendOutcome::Ok { offset: None });
        let record = PolledRecord { offset: Offset(1), message: Some(message) };
        history.polled(now, process, at, vec![record], Reading::Final);
        let expected =
            Counts { acknowledged: 1, failed: 1, indeterminate: 2, polled_records: 3, final_records: 5 };
        assert_eq!(Counts::of(&history), expected);
    }

    #[test]
    fn reports_survive_the_round_trip() {
        let scenario = ScenarioRef { name: "a".to_owned(), path: "scenarios/a.toml".to_owned() };
        let mut report = RunReport::new(scenario, u64::MAX);
        report.disks.entry("broker-1".to_owned()).or_default().insert("bytes_lost".to_owned(), 3);
        let text = serde_json::to_string(&report).expect("serializes");
        assert_eq!(serde_json::from_str::<RunReport>(&text).expect("reads"), report);
    }
}
