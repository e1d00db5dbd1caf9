//! What a run came to.

use std::collections::BTreeMap;
use std::time::Duration;

use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, TopicPartition};

use super::availability::longest_unavailable_us;
use super::bearings;
use super::flushing;
use super::meanwhile;
use super::phases::Ended;
use super::signature;
use crate::checker::{Anomaly, Checks, Violation, check_all};
use crate::cluster::disk::{DiskHistory, DiskStats};
use crate::explain::explain;
use crate::history::History;
use crate::oracle::{LogContent, diverging_logs};
use crate::report::{
    Counts, FaultReport, Hashes, NemesisReport, PanicReport, PhaseReport, Reached, RunReport, ScenarioRef,
};
use crate::scenario::{ExpectedVerdict, Scenario};
use crate::seed::Seed;
use crate::trace::{Stop, Trace, TraceEvent};
use crate::verdict::Verdict;

/// Everything there is to judge by.
pub(super) struct Evidence<'a> {
    pub history: &'a History,
    pub trace: &'a Trace,
    pub ended: Option<Ended>,
    pub end: Timestamp,
    pub phases: Vec<PhaseReport>,
    pub faults: Vec<FaultReport>,
    pub nemeses: Vec<NemesisReport>,
    pub reached: Reached,
    pub acknowledged_under_fault: u64,
    pub logs: BTreeMap<TopicPartition, Vec<LogContent>>,
    pub unread_logs: Vec<(BrokerId, TopicPartition)>,
    /// What the oracles found.
    pub state: Vec<Violation>,
    /// How many changes of state they looked at.
    pub changes: u64,
    pub disks: BTreeMap<String, (DiskStats, DiskHistory)>,
}

/// Checks the evidence and compares with what the scenario expects.
pub(super) fn judge(scenario: &Scenario, seed: Seed, evidence: Evidence<'_>) -> RunReport {
    let reference = ScenarioRef { name: scenario.name.clone(), path: scenario.path.clone() };
    let mut report = RunReport::new(reference, seed.0);
    report.expected = scenario.expect.to_string();
    report.counts = Counts::of(evidence.history);
    report.digest = evidence.trace.digest().to_string();
    report.trace_events =
        evidence.trace.counts().into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    report.longest_unavailable_us = longest_unavailable_us(evidence.history, evidence.end);
    for (host, (stats, history)) in &evidence.disks {
        report.disks.insert(host.clone(), disk_numbers(stats));
        report.flushing.insert(host.clone(), flushing::report(history));
    }
    report.hashes = Hashes::of(&scenario.source);
    report.vacuous = vacuous_reasons(scenario, &evidence);
    report.vacuous.extend(never_unavailable(scenario, report.longest_unavailable_us));
    report.phases = evidence.phases;
    report.faults = evidence.faults;
    meanwhile::count(&mut report.faults, &report.phases, evidence.trace);
    report.nemeses = evidence.nemeses;
    report.reached = evidence.reached;
    report.cut_short = matches!(evidence.ended, Some(Ended::Interrupted));
    let mut verdict = came_to(evidence.ended, &mut report);
    match check_all(evidence.history) {
        Ok(checks) => {
            report.judged.checkers = outcomes(&checks);
            let Checks { violations, unknown, deleted_by_retention, .. } = checks;
            (report.violations, report.unknown) = (violations, unknown);
            report.deleted_by_retention = deleted_by_retention;
        }
        Err(malformed) => {
            verdict = Verdict::HarnessBug;
            report.unknown.push(format!("the history contradicts itself: {malformed}"));
        }
    }
    report.judged.operations = evidence.history.operations().len() as u64;
    report.judged.changes = evidence.changes;
    if evidence.changes == 0 {
        verdict = Verdict::HarnessBug;
        report.unknown.push("no oracle was ever told of a change of state".to_owned());
    }
    report.vacuous.extend(hardly_deleted(scenario, report.deleted_by_retention));
    unread(&mut report, &evidence.unread_logs, &evidence.disks);
    report.unknown.extend(gave_up(evidence.trace, &evidence.disks));
    report.unknown.extend(too_much_in_doubt(scenario, report.counts.indeterminate));
    if report.cut_short {
        // What had not happened yet might have, and what nobody could look at yet they would have.
        report.vacuous.clear();
        report.unknown.clear();
    }
    if !report.unknown.is_empty() {
        verdict = verdict.and(Verdict::Unknown);
    }
    let diverging = evidence.logs.iter().filter_map(|(key, logs)| diverging_logs(key, logs));
    report.violations.extend(diverging);
    bearings::fill_in(&mut report, evidence.state, scenario, (evidence.history, evidence.trace));
    let is_surprise = |violation: &Violation| !scenario.expect.allows(violation);
    // What is expected to be found in the end says nothing about a run that did not get there.
    let is_found = match report.cut_short {
        true => report.violations.iter().any(is_surprise),
        false => !report.violations.is_empty(),
    };
    if is_found {
        verdict = verdict.and(Verdict::Violation);
    }
    if !report.vacuous.is_empty() {
        verdict = verdict.and(Verdict::Vacuous);
    }
    report.explanation = explain(evidence.history, evidence.trace, &report.violations);
    report.verdict = verdict;
    report.as_expected = is_expected(scenario, &report);
    report.signature = signature::of(&report, &scenario.expect.verdict, evidence.history, evidence.trace);
    report
}

fn outcomes(checks: &Checks) -> BTreeMap<String, Verdict> {
    checks.outcomes().iter().map(|outcome| (outcome.checker.to_owned(), outcome.verdict)).collect()
}

/// What the end of the phases says by itself.
pub(super) fn came_to(ended: Option<Ended>, report: &mut RunReport) -> Verdict {
    match ended {
        None => Verdict::Pass,
        Some(Ended::Interrupted) => Verdict::Interrupted,
        Some(Ended::Liveness(reason)) => {
            report.liveness = Some(reason);
            Verdict::Liveness
        }
        Some(Ended::Panic(panic)) => {
            report.panic = Some(PanicReport {
                message: panic.message,
                host: Some(panic.host),
                time_us: panic.time.0,
                location: panic.location,
            });
            Verdict::HarnessBug
        }
    }
}

/// Why the run shows nothing: nothing was acknowledged while faults happened, a fault changed nothing, or all faults of a
/// nemesis did.
fn vacuous_reasons(scenario: &Scenario, evidence: &Evidence<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    if evidence.acknowledged_under_fault == 0 {
        reasons.push("nothing was acknowledged during the fault phase".to_owned());
    }
    let place = |line: u32| match line {
        0 => scenario.path.clone(),
        line => format!("{}:{line}", scenario.path),
    };
    for fault in evidence.faults.iter().filter(|fault| fault.vacuous && !fault.may_miss) {
        let why = match (fault.started_us, &fault.when, fault.resolved.as_slice()) {
            (None, Some(when), _) => format!("never began: it waited for {when}"),
            (None, None, _) => "never began".to_owned(),
            (Some(_), _, []) => "meant no host when it began".to_owned(),
            (Some(_), _, hosts) => format!("changed nothing on {}", hosts.join(", ")),
        };
        reasons.push(format!("{}: fault {} {} {why}", place(fault.line), fault.kind, fault.target));
    }
    for fault in evidence.faults.iter().filter(|fault| !fault.may_miss) {
        if let Some(until) = &fault.until {
            let (place, kind, target) = (place(fault.line), &fault.kind, &fault.target);
            reasons.push(format!(
                "{place}: fault {kind} {target} ended only with the heal: it waited for {until}"
            ));
        }
    }
    for nemesis in evidence.nemeses.iter().filter(|nemesis| nemesis.effective == 0 && !nemesis.may_miss) {
        let why = match (nemesis.begun, nemesis.held_back) {
            (0, 0) => "never drew a fault".to_owned(),
            (0, held_back) => {
                format!("drew {held_back} faults, and the limits or dead hosts held all of them back")
            }
            (begun, _) => format!("began {begun} faults, and none of them changed anything"),
        };
        reasons.push(format!("{}: nemesis {} {} {why}", place(nemesis.line), nemesis.kind, nemesis.target));
    }
    let hurt = !evidence.faults.is_empty() || !evidence.nemeses.is_empty();
    if reasons.is_empty() && hurt && evidence.faults.iter().all(|fault| fault.vacuous) {
        reasons.push("no fault changed anything".to_owned());
    }
    reasons
}

/// Copies that could not be read: because they rotted, or for a reason that somebody has to find out.
fn unread(
    report: &mut RunReport,
    logs: &[(BrokerId, TopicPartition)],
    disks: &BTreeMap<String, (DiskStats, DiskHistory)>,
) {
    for (broker, key) in logs {
        let (host, directory) = (format!("broker-{broker}"), format!("{key}/"));
        let rotten = disks.get(&host).map(|(_, history)| &history.rotten);
        if rotten.is_some_and(|rotten| rotten.iter().any(|file| file.starts_with(&directory))) {
            report.unrepaired.push(format!("the log of {host} for {key} is rotten"));
        } else {
            report.unknown.push(format!("the log of {host} for {key} could not be read"));
        }
    }
}

/// Hosts that stopped by themselves although no fault had hurt their disks before: something is wrong with them, even if
/// the run came to a good end.
fn gave_up(trace: &Trace, disks: &BTreeMap<String, (DiskStats, DiskHistory)>) -> Vec<String> {
    let halted = trace
        .entries()
        .iter()
        .filter(|entry| matches!(entry.event, TraceEvent::HostStopped { how: Stop::Halted }));
    let reasons = halted.filter_map(|entry| {
        let host = trace.host_name(entry.host);
        let hurt_since = disks.get(host).and_then(|(disk, _)| disk.hurt_since);
        let without_cause = hurt_since.is_none_or(|since| entry.time < since);
        without_cause
            .then(|| format!("{host} gave up by itself at {}: see storage_failed in trace.jsonl", entry.time))
    });
    reasons.collect()
}

/// More sends stayed in doubt than the scenario allows: a broker that has a batch and does not say so loses nothing and
/// writes nothing twice, and still breaks the promise that a retry gets its answer.
fn too_much_in_doubt(scenario: &Scenario, indeterminate: u64) -> Option<String> {
    let most = scenario.expect.indeterminate_at_most.filter(|most| *most < indeterminate)?;
    Some(format!(
        "{indeterminate} sends ended without anybody knowing what became of them, expected at most {most}"
    ))
}

/// A scenario about unavailability in which nobody had to wait shows nothing.
fn never_unavailable(scenario: &Scenario, longest_us: u64) -> Option<String> {
    let least = scenario.expect.unavailable_at_least?;
    let longest = Duration::from_micros(longest_us);
    (longest < least).then(|| {
        format!("no topic partition was unavailable for {least:?}: the longest time without an acknowledgement was {longest:?}")
    })
}

/// A scenario about retention in which hardly anything was deleted shows nothing.
fn hardly_deleted(scenario: &Scenario, deleted: u64) -> Option<String> {
    let least = scenario.expect.deleted_at_least.filter(|least| deleted < *least)?;
    Some(format!("retention deleted {deleted} acknowledged records, expected at least {least}"))
}

/// A violation is as expected if some of the expected anomalies were found and no others, on the expected side of the
/// contract, everything else could be judged, the cluster recovered, and nothing was vacuous: a fault that hit nothing has not caused it.
fn is_expected(scenario: &Scenario, report: &RunReport) -> bool {
    let only = |anomalies: &[Anomaly]| {
        report.verdict == Verdict::Violation
            && report.vacuous.is_empty()
            && report.unknown.is_empty()
            && report.liveness.is_none()
            && report.violations.iter().all(|violation| anomalies.contains(&violation.anomaly))
            && scenario.expect.contract_holds(&report.violations)
    };
    match &scenario.expect.verdict {
        ExpectedVerdict::Pass => report.verdict == Verdict::Pass,
        ExpectedVerdict::Vacuous => report.verdict == Verdict::Vacuous,
        ExpectedVerdict::Liveness => report.verdict == Verdict::Liveness && report.vacuous.is_empty(),
        ExpectedVerdict::Violation(anomalies) => only(anomalies),
        ExpectedVerdict::PassOr(anomalies) => report.verdict == Verdict::Pass || only(anomalies),
    }
}

fn disk_numbers(stats: &DiskStats) -> BTreeMap<String, u64> {
    let numbers = [
        ("appended_bytes", stats.appended_bytes),
        ("flushes", stats.flushes),
        ("flushed_bytes", stats.flushed_bytes),
        ("written_back_bytes", stats.written_back_bytes),
        ("failed_flushes", stats.failed_flushes),
        ("dirty_bytes", stats.dirty_bytes),
        ("phantom_bytes", stats.phantom_bytes),
        ("lied_bytes", stats.lied_bytes),
        ("used_bytes", stats.used_bytes),
        ("power_losses", stats.power_losses),
        ("rotten_bits", stats.rotten_bits),
    ];
    numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::trace::Tracer;

    #[test]
    fn a_host_may_give_up_after_its_disk_was_hurt_and_not_before() {
        let trace = Rc::new(RefCell::new(Trace::new()));
        let halted = TraceEvent::HostStopped { how: Stop::Halted };
        Tracer::new(trace.clone(), "broker-1").record(Timestamp(10), halted.clone());
        Tracer::new(trace.clone(), "broker-2").record(Timestamp(10), halted);
        let complaints = |host: &str, hurt_since| {
            let disk = DiskStats { hurt_since, ..DiskStats::default() };
            gave_up(&trace.borrow(), &BTreeMap::from([(host.to_owned(), (disk, DiskHistory::default()))]))
                .len()
        };
        assert_eq!(complaints("broker-1", None), 2);
        assert_eq!(complaints("broker-1", Some(Timestamp(10))), 1);
        assert_eq!(complaints("broker-1", Some(Timestamp(11))), 2);
        assert_eq!(complaints("client", Some(Timestamp(1))), 2);
    }
}
