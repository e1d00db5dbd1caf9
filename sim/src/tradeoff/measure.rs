//! What one run says about its flush setting.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::time::Timestamp;

use crate::checker::lost_write::acknowledged_lost;
use crate::checker::{Anomaly, HistoryIndex};
use crate::history::{History, OpF, OpKind};
use crate::report::{PhaseReport, Quantiles, RunReport};
use crate::run::RunOutput;
use crate::trace::{Trace, TraceEvent};
use crate::verdict::Verdict;

/// Hosts whose disks are measured: a controller has one too, whatever brokers do.
const BROKERS: &str = "broker-";

/// How far a run can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It came to its end, and everything was judged. What was found is data.
    Judged,
    /// Nothing was acknowledged, or the power loss hit nothing; why it shows nothing.
    Vacuous(String),
    /// The cluster did not recover, something could not be judged, or it took too long; what of these.
    Unjudged(String),
    /// The harness itself is wrong, and how.
    Broken(String),
    /// It was asked to stop, and is as good as not begun.
    CutShort,
}

/// What is kept of one run. Times are simulated microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Whether it counts.
    pub end: End,
    /// Acknowledged records.
    pub acknowledged: u64,
    /// Of these, those that were acknowledged during the fault phase.
    pub acknowledged_in_phase: u64,
    /// How long the fault phase was.
    pub phase_us: u64,
    /// From the call of each send to its acknowledgement, of those acknowledged.
    pub ack_us: Vec<u64>,
    /// Flushes that disks of brokers ended well during the fault phase.
    pub flushes_in_phase: u64,
    /// Bytes that flushes wrote to the disks of brokers, in the whole run.
    pub flushed_bytes: u64,
    /// From append to durability, for each disk of a broker that has any.
    pub durable: Vec<Quantiles>,
    /// Records that the power loss took off disks; each copy counts.
    pub died: u64,
    /// Acknowledged records that no final read found.
    pub lost: u64,
    /// What is wrong.
    pub anomalies: BTreeSet<Anomaly>,
}

impl Sample {
    /// Of a run that left nothing to measure.
    pub fn without_numbers(end: End) -> Sample {
        Sample {
            end,
            acknowledged: 0,
            acknowledged_in_phase: 0,
            phase_us: 0,
            ack_us: Vec::new(),
            flushes_in_phase: 0,
            flushed_bytes: 0,
            durable: Vec::new(),
            died: 0,
            lost: 0,
            anomalies: BTreeSet::new(),
        }
    }

    /// Of a run.
    pub fn of(output: &RunOutput) -> Sample {
        let RunOutput { report, history, trace, .. } = output;
        let sample = Sample::without_numbers(end(report));
        let index = HistoryIndex::new(history);
        let phase = report.phases.iter().find(|phase| phase.name == "faults");
        let (Ok(index), Some(phase)) = (index, phase) else { return sample };
        let brokers = report.disks.iter().filter(|(host, _)| host.starts_with(BROKERS));
        let flushed = brokers.filter_map(|(_, numbers)| numbers.get("flushed_bytes"));
        let flushing = report.flushing.iter().filter(|(host, _)| host.starts_with(BROKERS));
        let durable = flushing.map(|(_, flush)| flush.durable_after_us).filter(|times| 0 < times.count);
        let died = report.faults.iter().filter_map(|fault| fault.effect.get("records_lost"));
        let (ack_us, acknowledged_in_phase) = acknowledgements(history, phase);
        Sample {
            acknowledged: report.counts.acknowledged,
            acknowledged_in_phase,
            phase_us: phase.ended_us - phase.started_us,
            ack_us,
            flushes_in_phase: flushes(trace, phase),
            flushed_bytes: flushed.sum(),
            durable: durable.collect(),
            died: died.sum(),
            lost: acknowledged_lost(&index),
            anomalies: report.violations.iter().map(|violation| violation.anomaly).collect(),
            ..sample
        }
    }
}

fn end(report: &RunReport) -> End {
    if let Some(panic) = &report.panic {
        return End::Broken(format!("panic: {}", panic.message));
    }
    if report.cut_short {
        return End::CutShort;
    }
    let unknown = report.unknown.first();
    if report.verdict == Verdict::HarnessBug {
        return End::Broken(unknown.cloned().unwrap_or_else(|| "the harness is wrong".to_owned()));
    }
    let unjudged = report.liveness.iter().map(|reason| format!("liveness: {reason}"));
    let mut unjudged = unjudged.chain(unknown.map(|reason| format!("unknown: {reason}")));
    match (unjudged.next(), report.vacuous.first()) {
        (Some(reason), _) => End::Unjudged(reason),
        (None, Some(reason)) => End::Vacuous(reason.clone()),
        (None, None) => End::Judged,
    }
}

fn within(phase: &PhaseReport, time: Timestamp) -> bool {
    (phase.started_us..phase.ended_us).contains(&time.0)
}

/// How long each took, and how many came during the phase.
fn acknowledgements(history: &History, phase: &PhaseReport) -> (Vec<u64>, u64) {
    let mut invoked = BTreeMap::new();
    let (mut took_us, mut in_phase) = (Vec::new(), 0);
    for operation in history.operations() {
        let OpF::Send { message, .. } = &operation.f else { continue };
        if history.is_probe(operation.process) {
            continue;
        }
        match operation.kind {
            OpKind::Invoke => drop(invoked.insert(*message, operation.time)),
            OpKind::Ok => {
                let since = invoked.get(message).expect("the index has seen its invocation");
                took_us.push(operation.time.0 - since.0);
                in_phase += u64::from(within(phase, operation.time));
            }
            OpKind::Fail | OpKind::Info => {}
        }
    }
    (took_us, in_phase)
}

fn flushes(trace: &Trace, phase: &PhaseReport) -> u64 {
    let done = trace.entries().iter().filter(|entry| {
        matches!(entry.event, TraceEvent::DiskFlushFinished { ok: true, .. })
            && within(phase, entry.time)
            && trace.host_name(entry.host).starts_with(BROKERS)
    });
    done.count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{PanicReport, ScenarioRef};

    #[test]
    fn what_was_found_is_judged_and_what_nobody_could_look_at_is_not() {
        let scenario = ScenarioRef { name: "a".to_owned(), path: "a.toml".to_owned() };
        let mut report = RunReport { verdict: Verdict::Violation, ..RunReport::new(scenario, 1) };
        assert_eq!(end(&report), End::Judged);
        report.vacuous.push("changed nothing".to_owned());
        assert_eq!(end(&report), End::Vacuous("changed nothing".to_owned()));
        report.unknown.push("final reads".to_owned());
        assert_eq!(end(&report), End::Unjudged("unknown: final reads".to_owned()));
        report.liveness = Some("still waiting".to_owned());
        assert_eq!(end(&report), End::Unjudged("liveness: still waiting".to_owned()));
        report.cut_short = true;
        assert_eq!(end(&report), End::CutShort);
        let message = "no".to_owned();
        report.panic = Some(PanicReport { message, host: None, time_us: 0, location: None });
        assert_eq!(end(&report), End::Broken("panic: no".to_owned()));
    }
}
