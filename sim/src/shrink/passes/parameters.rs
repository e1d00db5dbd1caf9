//! Everything else that a fault says: whom, how much, what it waits for, and keys that may not be needed.

use std::collections::BTreeSet;
use std::time::Duration;

use broker_core::types::BrokerId;

use crate::nemesis::{
    Action, Aim, BitRot, DiskFault, Fault, FilePattern, Happening, Latency, Moment, RotPlace, Span, Start,
    Target, Trigger, Unsynced, Until,
};
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
    match &fault.harm.action {
        Action::Delay { extra } => {
            spans(*extra).into_iter().for_each(|extra| with(Action::Delay { extra }));
        }
        Action::Loss { probability } => {
            for probability in likelier(*probability) {
                with(Action::Loss { probability });
            }
        }
        Action::PowerLoss(Unsynced::Torn | Unsynced::Reordered) => with(Action::PowerLoss(Unsynced::Lost)),
        Action::Disk(fault) => disk(fault).into_iter().for_each(|fault| with(Action::Disk(fault))),
        Action::Rot(rot) => simpler_rot(rot).into_iter().for_each(|rot| with(Action::Rot(rot))),
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

/// The same fault with fewer or rounder words.
fn disk(fault: &DiskFault) -> Vec<DiskFault> {
    let latencies = |latency: &Option<Latency>| latency.map_or_else(Vec::new, simpler_latencies);
    match fault {
        DiskFault::Slow { flush, read, append } => {
            let (flush, read, append) = (*flush, *read, *append);
            let flushes = latencies(&flush).into_iter().map(|flush| DiskFault::Slow { flush, read, append });
            let reads = latencies(&read).into_iter().map(|read| DiskFault::Slow { flush, read, append });
            let appends =
                latencies(&append).into_iter().map(|append| DiskFault::Slow { flush, read, append });
            let some =
                |fault: &DiskFault| *fault != DiskFault::Slow { flush: None, read: None, append: None };
            flushes.chain(reads).chain(appends).filter(some).collect()
        }
        DiskFault::FsyncError { probability } => {
            let likelier = likelier(*probability).into_iter();
            likelier.map(|probability| DiskFault::FsyncError { probability }).collect()
        }
        DiskFault::FsyncLie { probability } => {
            let likelier = likelier(*probability).into_iter();
            likelier.map(|probability| DiskFault::FsyncLie { probability }).collect()
        }
        DiskFault::ReadError { probability, files } => of_files(*probability, files)
            .into_iter()
            .map(|(probability, files)| DiskFault::ReadError { probability, files })
            .collect(),
        DiskFault::WriteError { probability, files } => of_files(*probability, files)
            .into_iter()
            .map(|(probability, files)| DiskFault::WriteError { probability, files })
            .collect(),
        DiskFault::Full { free } => {
            let none = (0 < *free).then_some(0);
            none.into_iter().chain(numbers(*free, 1)).map(|free| DiskFault::Full { free }).collect()
        }
        DiskFault::Stall => Vec::new(),
    }
}

/// Without it, or simpler.
fn simpler_latencies((low, high): Latency) -> Vec<Option<Latency>> {
    let simpler = spans(Span { low, high }).into_iter().map(|span| Some((span.low, span.high)));
    std::iter::once(None).chain(simpler).collect()
}

fn of_files(probability: f64, files: &FilePattern) -> Vec<(f64, FilePattern)> {
    let of_all = (*files != FilePattern::all()).then(|| (probability, FilePattern::all()));
    let likelier = likelier(probability).into_iter().map(|likelier| (likelier, files.clone()));
    of_all.into_iter().chain(likelier).collect()
}

fn simpler_rot(rot: &BitRot) -> Vec<BitRot> {
    let mut simpler = Vec::new();
    if rot.files != FilePattern::segments() {
        simpler.push(BitRot { files: FilePattern::segments(), ..rot.clone() });
    }
    if rot.place != RotPlace::Anywhere {
        simpler.push(BitRot { place: RotPlace::Anywhere, ..rot.clone() });
    }
    let fewer = numbers(u64::from(rot.bits), 1).into_iter().filter_map(|bits| u32::try_from(bits).ok());
    simpler.extend(fewer.map(|bits| BitRot { bits, ..rot.clone() }));
    simpler
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
