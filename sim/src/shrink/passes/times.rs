//! Times instead of triggers; rounder, earlier and shorter times.

use std::time::Duration;

use crate::nemesis::{Fault, Span, Start, Trigger, Until};
use crate::scenario::Scenario;
use crate::shrink::simpler::{ROUND, durations, roughness, rounded};
use crate::shrink::subject::Subject;

/// The shortest that anything lasts, and the earliest that anything begins.
const SHORTEST: Duration = Duration::from_millis(1);

/// One time that a fault says.
#[derive(Clone, Copy)]
enum Place {
    Begin,
    End,
    BeginDelay,
    EndDelay,
}

const PLACES: [Place; 4] = [Place::Begin, Place::End, Place::BeginDelay, Place::EndDelay];

/// Times instead of triggers; all times together; then each by itself.
pub(super) fn changes(subject: &Subject) -> Vec<Scenario> {
    let mut changes: Vec<Scenario> =
        (0..subject.scenario.plan.faults.len()).flat_map(|index| without_triggers(subject, index)).collect();
    changes.extend(ROUND.iter().filter_map(|unit| all_rounded(&subject.scenario, *unit)));
    changes.extend(all_earlier(&subject.scenario));
    for index in 0..subject.scenario.plan.faults.len() {
        for place in PLACES {
            let Some((value, least)) = place.read(&subject.scenario.plan.faults[index]) else { continue };
            for simpler in durations(value, least) {
                let mut scenario = subject.scenario.clone();
                place.write(&mut scenario.plan.faults[index], simpler);
                changes.push(scenario);
            }
        }
    }
    changes
}

impl Place {
    /// The time, if there is one, and what it must not go below.
    fn read(self, fault: &Fault) -> Option<(Duration, Duration)> {
        match (self, &fault.start, &fault.harm.until) {
            (Place::Begin, Start::At(at), _) => Some((at.low, Duration::ZERO)),
            (Place::End, _, Until::Lasts(lasts)) => Some((lasts.low, SHORTEST)),
            (Place::End, _, Until::At(end)) => Some((*end, SHORTEST)),
            (Place::BeginDelay, Start::When(trigger), _) | (Place::EndDelay, _, Until::When(trigger)) => {
                Some((trigger.delay, Duration::ZERO))
            }
            _ => None,
        }
    }

    fn write(self, fault: &mut Fault, time: Duration) {
        let delay = |trigger: &mut Trigger| trigger.delay = time;
        match (self, &mut fault.start, &mut fault.harm.until) {
            (Place::Begin, start @ Start::At(_), _) => *start = Start::At(Span::exactly(time)),
            (Place::End, _, Until::Lasts(lasts)) => *lasts = Span::exactly(time),
            (Place::End, _, Until::At(end)) => *end = time,
            (Place::BeginDelay, Start::When(trigger), _) => delay(trigger),
            (Place::EndDelay, _, Until::When(trigger)) => delay(trigger),
            _ => {}
        }
    }
}

/// A fault that begins, or ends, at the time when it did, or at a rounder one; not when something happens.
fn without_triggers(subject: &Subject, index: usize) -> Vec<Scenario> {
    let Some(report) = subject.report.faults.get(index) else { return Vec::new() };
    let fault = &subject.scenario.plan.faults[index];
    let Some(started) = report.started_us.map(|time| subject.into_phase(time)) else { return Vec::new() };
    let or_rounder = |time, least| durations(time, least).into_iter().chain([time]);
    let mut plain: Vec<Fault> = Vec::new();
    if matches!(fault.start, Start::When(_)) {
        let at = |time| Fault { start: Start::At(Span::exactly(time)), ..fault.clone() };
        plain.extend(or_rounder(started, Duration::ZERO).map(at));
    }
    if matches!(fault.harm.until, Until::When(_))
        && let Some(ended) = report.ended_us.map(|time| subject.into_phase(time))
    {
        let lasting = |time| {
            let mut fault = fault.clone();
            fault.harm.until = Until::Lasts(Span::exactly(time));
            fault
        };
        plain.extend(or_rounder(ended.saturating_sub(started).max(SHORTEST), SHORTEST).map(lasting));
    }
    let with = |fault| {
        let mut scenario = subject.scenario.clone();
        scenario.plan.faults[index] = fault;
        scenario
    };
    plain.into_iter().map(with).collect()
}

/// Every time that is rougher than this unit, rounded to it; `None` if there is none.
fn all_rounded(scenario: &Scenario, unit: Duration) -> Option<Scenario> {
    let mut rounder = scenario.clone();
    for fault in &mut rounder.plan.faults {
        for place in PLACES {
            if let Some((value, least)) = place.read(fault)
                && roughness(unit) < roughness(value)
            {
                place.write(fault, rounded(value, unit, least));
            }
        }
    }
    (rounder != *scenario).then_some(rounder)
}

/// Everything earlier by the same time, with the end of the fault phase and without; by as much as possible first.
fn all_earlier(scenario: &Scenario) -> Vec<Scenario> {
    let begins = scenario.plan.faults.iter().filter_map(|fault| match &fault.start {
        Start::At(at) => Some(at.low),
        Start::When(_) => None,
    });
    let Some(first) = begins.min() else { return Vec::new() };
    let mut by: Vec<Duration> = [first, first / 2, first / 4]
        .into_iter()
        .flat_map(|time| ROUND[..3].iter().map(move |unit| rounded(time, *unit, Duration::ZERO)))
        .filter(|time| !time.is_zero() && *time <= first)
        .collect();
    by.sort();
    by.dedup();
    let moved = by.iter().rev().flat_map(|by| [earlier(scenario, *by, true), earlier(scenario, *by, false)]);
    moved.flatten().collect()
}

/// `None` if some time would not be as round as it is.
fn earlier(scenario: &Scenario, by: Duration, with_phase: bool) -> Option<Scenario> {
    let mut moved = scenario.clone();
    let sooner = |time: &mut Duration| {
        let before = roughness(*time);
        *time = time.checked_sub(by)?;
        (roughness(*time) <= before).then_some(())
    };
    if with_phase {
        sooner(&mut moved.phases.faults)?;
    }
    for fault in &mut moved.plan.faults {
        if let Start::At(at) = &mut fault.start {
            sooner(&mut at.low)?;
            at.high = at.low;
        }
        if let Until::At(end) = &mut fault.harm.until {
            sooner(end)?;
        }
    }
    Some(moved)
}
