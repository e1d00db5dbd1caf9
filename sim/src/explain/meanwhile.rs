//! What happened to hosts and leaders while a record lived: the few events that decided its fate.

use std::collections::BTreeSet;

use broker_core::event::Event;

use super::explanation::{Moment, MomentKind};
use super::scene::{Scene, names};
use crate::trace::{FaultId, Stop, TraceEvent};

/// More than these are a log and not a story.
const MOMENTS_MAX: usize = 14;

/// How much it matters; what matters least is left out first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Decides,
    Matters,
    Helps,
    Rounds,
}

/// What happened from `from` to `to` to these hosts and to the topic partition, and how many events are left out. Faults
/// that last and the leader that leads when it begins are part of it.
pub(super) fn meanwhile(
    scene: &Scene<'_>,
    (from, to): (usize, usize),
    hosts: &BTreeSet<&str>,
) -> (Vec<Moment>, u64) {
    let mut found: Vec<(usize, Weight)> = Vec::new();
    let mut lasting: Vec<(FaultId, usize)> = Vec::new();
    let mut state = None;
    let mut leader = None;
    for (position, entry) in scene.trace.entries()[..=to].iter().enumerate() {
        if position == from {
            found.extend(lasting.iter().map(|(_, began)| (*began, Weight::Helps)));
            found.extend(state.map(|at| (at, Weight::Decides)));
        }
        let weight = match &entry.event {
            TraceEvent::FaultStarted { fault, description } => {
                if !hosts.iter().any(|host| names(description, host)) {
                    continue;
                }
                lasting.push((*fault, position));
                Weight::Helps
            }
            TraceEvent::FaultEnded { fault } => {
                let before = lasting.len();
                lasting.retain(|(lasts, _)| lasts != fault);
                if before == lasting.len() {
                    continue;
                }
                Weight::Rounds
            }
            TraceEvent::PhaseStarted { .. } => Weight::Rounds,
            TraceEvent::HostStopped { how } if hosts.contains(scene.host(entry.host)) => match how {
                Stop::PowerLost | Stop::Halted | Stop::Wiped => Weight::Matters,
                Stop::Killed | Stop::ShutDown => Weight::Helps,
            },
            TraceEvent::HostStarted if hosts.contains(scene.host(entry.host)) => Weight::Rounds,
            TraceEvent::Node(Event::StorageFailed { .. }) if hosts.contains(scene.host(entry.host)) => {
                Weight::Matters
            }
            TraceEvent::Node(event) if event.topic_partition() == Some(scene.topic_partition) => {
                match event {
                    Event::PartitionChanged { leader: now, leader_epoch, unclean, .. } => {
                        let changed = leader.replace((*now, *leader_epoch)) != Some((*now, *leader_epoch));
                        state = Some(position);
                        match (*unclean, changed) {
                            (true, _) => Weight::Decides,
                            (false, true) => Weight::Matters,
                            (false, false) => Weight::Helps,
                        }
                    }
                    Event::LeaderStarted { .. } | Event::LeadershipRefused { .. } => Weight::Rounds,
                    Event::LogDamaged { .. } => Weight::Matters,
                    Event::RecoveryFinished { .. } => Weight::Rounds,
                    _ => continue,
                }
            }
            _ => continue,
        };
        if from <= position {
            found.push((position, weight));
        }
    }
    let all = found.len();
    // The latest are nearest to the end that is to be explained.
    found.sort_by_key(|(position, weight)| (*weight, std::cmp::Reverse(*position)));
    found.truncate(MOMENTS_MAX);
    let moments = found.iter().map(|(at, _)| scene.moment(*at, MomentKind::Meanwhile)).collect();
    (moments, (all - found.len()) as u64)
}
