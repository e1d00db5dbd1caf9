//! The result as a scenario that people read and `cargo test` runs.

use std::collections::BTreeSet;

use super::necessity::Necessity;
use super::subject::{Size, Subject};
use crate::checker::Anomaly;
use crate::nemesis::{Fault, Start, Until};
use crate::report::{FaultReport, RunReport};
use crate::scenario::{ExpectedVerdict, Scenario, duration_text};
use crate::verdict::Verdict;

/// Longer lines are broken.
const WIDTH: usize = 116;

/// Whether more may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Everything was tried.
    Minimal,
    /// Not everything was tried.
    Stopped,
    /// Everything was tried, but of some nobody knows what came of it.
    Unjudged,
}

/// Everything that the file tells.
#[derive(Debug)]
pub struct Record<'a> {
    /// The `name` of the scenario in which it was found, without `.resolved`.
    pub found_in: &'a str,
    /// What is left.
    pub subject: &'a Subject,
    /// How large it was.
    pub before: Size,
    /// Whether more may be left out.
    pub left: Left,
    /// What happens without each thing that is left; empty if nobody tried.
    pub necessity: &'a [Necessity],
}

impl Record<'_> {
    /// The scenario under this name, and what it must come to: what was expected when it was found, so that it fails until
    /// the bug is fixed; or exactly this violation, if that was allowed.
    pub fn scenario(&self, name: &str) -> Scenario {
        let mut scenario = self.subject.scenario.clone();
        name.clone_into(&mut scenario.name);
        scenario.story = self.story();
        let report = &self.subject.report;
        if report.as_expected && report.verdict == Verdict::Violation {
            let found: BTreeSet<Anomaly> =
                report.violations.iter().map(|violation| violation.anomaly).collect();
            scenario.expect.verdict = ExpectedVerdict::Violation(found.into_iter().collect());
        }
        scenario
    }

    /// The file, with the way from it to the schema of scenarios.
    pub fn text(&self, name: &str, schema: Option<&str>) -> String {
        let comment = |index: usize| {
            let changed = self.subject.report.faults.get(index).map(changed);
            let row = self.necessity.iter().find(|row| row.fault == Some(index));
            let without = row.map(|row| format!("Without it: {}.", row.comes_to()));
            let lines: Vec<String> = changed.into_iter().chain(without).collect();
            (!lines.is_empty()).then(|| folded(&lines.join(" ")))
        };
        let schema = schema.map(|path| format!("#:schema {path}\n")).unwrap_or_default();
        let mut header = String::new();
        for line in self.header() {
            folded(&line).lines().for_each(|line| header += &format!("# {line}\n"));
        }
        format!("{schema}{header}{}", self.scenario(name).to_toml_with(comment))
    }

    fn header(&self) -> Vec<String> {
        let Size { faults, lines, .. } = self.before;
        let after = self.subject.size();
        let mut header = vec![format!(
            "Shrunk by `cargo sim shrink` from {faults} faults and {lines} lines to {} and {}: {}.",
            after.faults,
            after.lines,
            match self.left {
                Left::Minimal => "nothing more can be left out",
                Left::Stopped => "stopped early, perhaps more can be left out",
                Left::Unjudged => "some runs hung, perhaps more can be left out",
            }
        )];
        for row in self.necessity.iter().filter(|row| row.fault.is_none()) {
            let why = if row.promise { " (kept: it is what the cluster promises)" } else { "" };
            header.push(format!("Without {}{why}: {}.", row.what, row.comes_to()));
        }
        header
    }

    /// What a machine can tell of it. Somebody should tell it better.
    fn story(&self) -> String {
        let Subject { scenario, report } = self.subject;
        let signature = report.signature.as_deref().unwrap_or("nothing");
        let mut story =
            format!("Found by `{}` with seed {} and shrunk: {signature}. ", self.found_in, report.seed);
        let mut faults: Vec<(&Fault, u64)> = scenario
            .plan
            .faults
            .iter()
            .zip(&report.faults)
            .map(|(fault, report)| (fault, report.started_us.unwrap_or(u64::MAX)))
            .collect();
        faults.sort_by_key(|(_, started)| *started);
        let steps: Vec<String> = faults.iter().map(|(fault, _)| sentence(fault)).collect();
        match steps.as_slice() {
            [] => story += "No fault is needed. ",
            steps => story += &format!("{}. ", capitalized(&steps.join("; then "))),
        }
        story += &match outcome(report) {
            Some(outcome) => {
                format!("What comes out: {}. ", outcome.split(": message").next().unwrap_or(&outcome))
            }
            None => String::new(),
        };
        story += "These words were put together by the machine that shrank it; whoever knows why it happens tells it here.";
        format!("{}\n", folded(&story))
    }
}

/// What the run came to, in its own words.
fn outcome(report: &RunReport) -> Option<String> {
    let violation = report.violations.first().map(|violation| violation.summary.clone());
    let panic = || report.panic.as_ref().map(|panic| panic.message.clone());
    violation.or_else(panic).or_else(|| report.liveness.clone()).or_else(|| report.unknown.first().cloned())
}

/// What a fault changed, and whom it hit.
fn changed(fault: &FaultReport) -> String {
    let numbers = fault.effect.iter().filter(|(_, number)| 0 < **number);
    let numbers: Vec<String> =
        numbers.map(|(name, number)| format!("{} {number}", name.replace('_', " "))).collect();
    let numbers = if numbers.is_empty() { "nothing".to_owned() } else { numbers.join(", ") };
    format!("It hit {} and changed: {numbers}.", fault.resolved.join(", "))
}

/// A fault as a part of a sentence.
fn sentence(fault: &Fault) -> String {
    let whom = fault.harm.aim_text();
    let start = match &fault.start {
        Start::At(at) => format!("at {}", duration_text(at.low)),
        Start::When(trigger) => format!("at {}", trigger.describe()),
    };
    let until = match &fault.harm.until {
        Until::Instant => String::new(),
        Until::Heal => ", until everything is healed".to_owned(),
        Until::Lasts(lasts) => format!(", for {}", duration_text(lasts.low)),
        Until::At(end) => format!(", until {}", duration_text(*end)),
        Until::When(trigger) => format!(", until {}", trigger.describe()),
    };
    let deed = match fault.harm.kind().name {
        "kill" => format!("the process of {whom} is killed"),
        "power_loss" => format!("power fails at {whom}"),
        "restart" => format!("a clean shutdown of {whom} begins"),
        "pause" => format!("time stands still for {whom}"),
        "wipe" => format!("the disk of {whom} is emptied"),
        "partition" => format!("the links {whom} are cut"),
        "isolate" => format!("all links of {whom} are cut"),
        "hold" => format!("messages of {whom} are kept back"),
        "delay" => format!("messages of {whom} are late"),
        "drop_connections" => format!("connections of {whom} break"),
        "loss" => format!("messages of {whom} are lost"),
        "slow_disk" => format!("the disk of {whom} is slow"),
        "disk_stall" => format!("the disk of {whom} does nothing"),
        "fsync_error" => format!("flushes of {whom} fail"),
        "fsync_lie" => format!("flushes of {whom} only say that they are done"),
        "read_error" => format!("reads of {whom} fail"),
        "write_error" => format!("appends of {whom} fail"),
        "disk_full" => format!("the disk of {whom} is full"),
        "bit_rot" => format!("bits rot on the disk of {whom}"),
        "clock_jump" => format!("the clock of {whom} is set wrong"),
        "clock_drift" => format!("the clock of {whom} goes wrong"),
        kind => format!("{kind} hits {whom}"),
    };
    format!("{deed} {start}{until}")
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// Broken into lines.
fn folded(text: &str) -> String {
    let mut folded = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width != 0 && WIDTH < width + 1 + length {
            folded.push('\n');
            width = 0;
        } else if width != 0 {
            folded.push(' ');
            width += 1;
        }
        folded += word;
        width += length;
    }
    folded
}
