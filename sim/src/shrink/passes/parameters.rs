//! Everything else that a fault says: whom, how much, what it waits for, and keys that may not be needed.

use std::collections::BTreeSet;
use std::time::Duration;

use broker_core::types::BrokerId;

use crate::nemesis::{Action, Aim, Fault, Happening, Moment, Span, Start, Target, Trigger, Until};
use crate::scenario::Scenario;
use crate::shrink::simpler::{durations, numbers};
use crate::shrink::subject::Subject;

/// Probabilities as people write them, the simplest first.
const PROBABILITIES: [f64; 4] = [1.0, 0.5, 0.1, 0.01];

/// Each fault by itself.
pub(super) fn changes(subject: &Subject) -> Vec<Scenario> {
    let scenario = &subject.scenario;
    let mut changes = Vec::new();
    for (index, fault) in scenario.plan.faults.iter().enumerate() {
        let mut simpler = Vec::new();
        keys(scenario, fault, &mut simpler);
        aims(scenario.cluster.brokers, fault, &mut simpler);
        amounts(fault, &mut simpler);
        triggers(fault, &mut simpler);
        changes.extend(simpler.into_iter().map(|fault| {
            let mut scenario = scenario.clone();
            scenario.plan.faults[index] = fault;
            scenario
        }));
    }
    changes
}

/// Keys that can be left out.
fn keys(scenario: &Scenario, fault: &Fault, simpler: &mut Vec<Fault>) {
    if fault.may_miss {
        simpler.push(Fault { may_miss: false, ..fault.clone() });
    }
    if fault.stream.is_some() {
        simpler.push(Fault { stream: None, ..fault.clone() });
    }
    if let Some(name) = &fault.name
        && !scenario.plan.faults.iter().any(|other| waits_for(other, name))
    {
        simpler.push(Fault { name: None, ..fault.clone() });
    }
    if matches!(fault.harm.until, Until::Lasts(_) | Until::At(_) | Until::When(_)) {
        let mut endless = fault.clone();
        endless.harm.until = Until::Heal;
        simpler.push(endless);
    }
}

fn waits_for(fault: &Fault, name: &str) -> bool {
    let waits = |trigger: &Trigger| match &trigger.what {
        Happening::FaultStarted(other) | Happening::FaultEnded(other) => other == name,
        Happening::Event { .. } => false,
    };
    matches!(&fault.start, Start::When(trigger) if waits(trigger))
        || matches!(&fault.harm.until, Until::When(trigger) if waits(trigger))
}

/// Fewer hosts, or fewer words for them.
fn aims(brokers: u32, fault: &Fault, simpler: &mut Vec<Fault>) {
    let mut with = |aim: Aim| {
        let mut fault = fault.clone();
        fault.harm.aim = aim;
        simpler.push(fault);
    };
    match &fault.harm.aim {
        Aim::Hosts(hosts) => {
            fewer(hosts).into_iter().for_each(|hosts| with(Aim::Hosts(hosts)));
            let all: BTreeSet<Target> = (1..=brokers)
                .filter_map(|id| i32::try_from(id).ok())
                .map(|id| Target::Broker(BrokerId(id)))
                .collect();
            let named: BTreeSet<Target> = hosts.iter().cloned().collect();
            if 1 < brokers && named == all {
                with(Aim::Hosts(vec![Target::AllBrokers]));
            }
        }
        Aim::Links { from, to, way } => {
            for from in fewer(from) {
                with(Aim::Links { from, to: to.clone(), way: *way });
            }
            for to in fewer(to) {
                with(Aim::Links { from: from.clone(), to, way: *way });
            }
            if 1 < to.len() && !from.contains(&Target::Others) {
                with(Aim::Links { from: from.clone(), to: vec![Target::Others], way: *way });
            }
            if 1 < from.len() && !to.contains(&Target::Others) {
                with(Aim::Links { from: vec![Target::Others], to: to.clone(), way: *way });
            }
        }
    }
}

/// The list without one of its elements, for each of them.
fn fewer(targets: &[Target]) -> Vec<Vec<Target>> {
    if targets.len() < 2 {
        return Vec::new();
    }
    (0..targets.len()).map(|gone| [&targets[..gone], &targets[gone + 1..]].concat()).collect()
}

/// One value instead of a range, and rounder ones.
fn amounts(fault: &Fault, simpler: &mut Vec<Fault>) {
    let mut with = |action: Action| {
        let mut fault = fault.clone();
        fault.harm.action = action;
        simpler.push(fault);
    };
    match fault.harm.action {
        Action::Delay { extra } => {
            spans(extra).into_iter().for_each(|extra| with(Action::Delay { extra }));
        }
        Action::SlowDisk { latency } => {
            spans(latency).into_iter().for_each(|latency| with(Action::SlowDisk { latency }));
        }
        Action::Loss { probability } => {
            for probability in likelier(probability) {
                with(Action::Loss { probability });
            }
        }
        Action::FsyncError { probability } => {
            for probability in likelier(probability) {
                with(Action::FsyncError { probability });
            }
        }
        Action::ClockJump { by_us } => {
            let length = Duration::from_micros(by_us.low.unsigned_abs());
            for length in durations(length, Duration::from_millis(1)) {
                let by_us = i64::try_from(length.as_micros()).expect("below a day") * by_us.low.signum();
                with(Action::ClockJump { by_us: Span::exactly(by_us) });
            }
        }
        Action::ClockDrift { ppm } => {
            // Whole percents have four zeros.
            for round in numbers(ppm.low.unsigned_abs() / 10_000 + 1, 1) {
                let round = i64::try_from(round * 10_000).expect("not above what it was") * ppm.low.signum();
                if round != ppm.low {
                    with(Action::ClockDrift { ppm: Span::exactly(round) });
                }
            }
        }
        _ => {}
    }
}

fn spans(span: Span<Duration>) -> Vec<Span<Duration>> {
    if span.low != span.high {
        return vec![Span::exactly(span.high), Span::exactly(span.low)];
    }
    durations(span.low, Duration::from_millis(1)).into_iter().map(Span::exactly).collect()
}

/// Simpler ones: those that stand before it in the list, or all if it stands nowhere.
fn likelier(probability: f64) -> Vec<f64> {
    PROBABILITIES.into_iter().take_while(|simple| *simple != probability).collect()
}

/// Less to wait for.
fn triggers(fault: &Fault, simpler: &mut Vec<Fault>) {
    if let Start::When(trigger) = &fault.start {
        for trigger in vaguer(trigger) {
            simpler.push(Fault { start: Start::When(trigger), ..fault.clone() });
        }
    }
    if let Until::When(trigger) = &fault.harm.until {
        for trigger in vaguer(trigger) {
            let mut fault = fault.clone();
            fault.harm.until = Until::When(trigger);
            simpler.push(fault);
        }
    }
}

fn vaguer(trigger: &Trigger) -> Vec<Trigger> {
    let mut vaguer = Vec::new();
    if trigger.moment == Moment::Before {
        vaguer.push(Trigger { moment: Moment::After, ..trigger.clone() });
    }
    vaguer.extend(numbers(trigger.nth, 1).into_iter().map(|nth| Trigger { nth, ..trigger.clone() }));
    if let Happening::Event { event, at, topic_partition, api } = &trigger.what {
        let with = |at: &[Target], topic_partition: Option<_>| Trigger {
            what: Happening::Event { event, at: at.to_vec(), topic_partition, api: *api },
            ..trigger.clone()
        };
        if !at.is_empty() {
            vaguer.push(with(&[], topic_partition.clone()));
        }
        if topic_partition.is_some() {
            vaguer.push(with(at, None));
        }
    }
    vaguer
}
