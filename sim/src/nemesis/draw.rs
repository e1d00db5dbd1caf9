//! From what a scenario asks for to what is done: every range one value, every random target a host.

use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::fault::{Action, Aim, Harm, Span};
use super::when::Until;
use super::{Target, resolve};
use crate::cluster::{Cluster, HostName};

/// The same harm without anything left to draw. Draws nothing for ranges of one value.
pub(super) fn concrete(harm: &Harm, cluster: &Cluster, rng: &mut ChaCha8Rng) -> Harm {
    let aim = match &harm.aim {
        Aim::Hosts(targets) => Aim::Hosts(hosts(targets, cluster, rng)),
        Aim::Links { from, to, way } => {
            Aim::Links { from: hosts(from, cluster, rng), to: hosts(to, cluster, rng), way: *way }
        }
    };
    Harm { aim, action: action(&harm.action, rng), until: until(&harm.until, rng) }
}

/// Targets that mean the hosts that these mean now. `others` depends on the other side alone and stays; and what means
/// nobody stays as it was written, so that it can be said.
pub(super) fn hosts(targets: &[Target], cluster: &Cluster, rng: &mut ChaCha8Rng) -> Vec<Target> {
    let mut concrete: Vec<Target> = Vec::new();
    for target in targets {
        if *target == Target::Others {
            concrete.push(Target::Others);
            continue;
        }
        let names = resolve::resolve_one(target, cluster, rng);
        concrete.extend(names.iter().map(|name| target_of(cluster, name)));
    }
    concrete.sort();
    concrete.dedup();
    if concrete.is_empty() { targets.to_vec() } else { concrete }
}

/// Targets that mean the same roles; what is random is drawn once and for all.
pub(super) fn roles(targets: &[Target], cluster: &Cluster, rng: &mut ChaCha8Rng) -> Vec<Target> {
    let mut drawn = Vec::new();
    for target in targets {
        match target {
            Target::Random | Target::RandomClient | Target::Minority => {
                let names = resolve::resolve_one(target, cluster, rng);
                drawn.extend(names.iter().map(|name| target_of(cluster, name)));
            }
            role => drawn.push(role.clone()),
        }
    }
    drawn
}

/// The target that always means this host.
fn target_of(cluster: &Cluster, name: &HostName) -> Target {
    let broker = cluster.view().broker_ids().into_iter().find(|id| Cluster::broker_name(*id) == *name);
    let client = || cluster.client_names().iter().position(|client| client == name);
    match broker {
        Some(id) => Target::Broker(id),
        None if *name == Cluster::controller_name() => Target::Controller,
        None => Target::Client(
            client().and_then(|index| u32::try_from(index).ok()).expect("all other hosts are clients"),
        ),
    }
}

fn action(action: &Action, rng: &mut ChaCha8Rng) -> Action {
    match action {
        Action::ClockJump { by_us } => Action::ClockJump { by_us: Span::exactly(number(*by_us, rng)) },
        Action::ClockDrift { ppm } => Action::ClockDrift { ppm: Span::exactly(number(*ppm, rng)) },
        // What these draw, they draw for each message or operation of a disk.
        other => other.clone(),
    }
}

fn until(until: &Until, rng: &mut ChaCha8Rng) -> Until {
    match until {
        Until::Lasts(span) => Until::Lasts(Span::exactly(duration(*span, rng))),
        other => other.clone(),
    }
}

/// One of the numbers but 0, which would be no fault at all.
fn number(span: Span<i64>, rng: &mut ChaCha8Rng) -> i64 {
    if span.low == span.high {
        return span.low;
    }
    match rng.random_range(span.low..=span.high) {
        0 if span.high == 0 => span.low,
        0 => span.high,
        drawn => drawn,
    }
}

/// One of the durations, in whole microseconds.
pub(super) fn duration(span: Span<Duration>, rng: &mut ChaCha8Rng) -> Duration {
    if span.low == span.high {
        return span.low;
    }
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).expect("durations are below a day");
    Duration::from_micros(rng.random_range(micros(span.low)..=micros(span.high)))
}
