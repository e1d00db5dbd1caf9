//! Shorter phases.

use std::time::Duration;

use crate::nemesis::Start;
use crate::scenario::{PHASES, Scenario};
use crate::shrink::edit::without_faults;
use crate::shrink::simpler::{durations, roughness};
use crate::shrink::subject::Subject;
use crate::verdict::Verdict;

/// A fault phase without its second half, its last quarter, or a little of it; and where the cluster does not come back,
/// less time to wait for it. Elsewhere nobody waits for the whole of the liveness phase, and `settings` sets its default.
pub(super) fn changes(subject: &Subject) -> Vec<Scenario> {
    let phases = &subject.scenario.phases;
    let mut changes: Vec<Scenario> =
        shorter(phases.faults).into_iter().map(|length| cut(subject, length)).collect();
    if subject.report.verdict == Verdict::Liveness {
        for length in durations(phases.liveness, Duration::from_secs(1)) {
            let mut scenario = subject.scenario.clone();
            scenario.phases.liveness = length;
            if length < PHASES.liveness {
                changes.push(scenario);
            }
        }
    }
    changes
}

/// Simpler lengths, the shortest first.
fn shorter(length: Duration) -> Vec<Duration> {
    let mut shorter: Vec<Duration> = durations(length, Duration::from_millis(100));
    for part in [length / 4, length / 2, length * 3 / 4] {
        // As rough as seconds halved: what matters at first is that it is short.
        let part = Duration::from_millis(u64::try_from(part.as_millis()).unwrap_or(0) / 100 * 100);
        if part < length && roughness(part) <= roughness(length).max(2) {
            shorter.push(part);
        }
    }
    shorter.retain(|candidate| !candidate.is_zero());
    shorter.sort();
    shorter.dedup();
    shorter
}

/// A fault that begins when the phase is over never begins.
fn cut(subject: &Subject, length: Duration) -> Scenario {
    let faults = subject.scenario.plan.faults.iter().enumerate();
    let late = faults.filter(|(_, fault)| matches!(&fault.start, Start::At(at) if length <= at.low));
    let mut scenario = without_faults(subject, &late.map(|(index, _)| index).collect());
    scenario.phases.faults = length;
    scenario
}
