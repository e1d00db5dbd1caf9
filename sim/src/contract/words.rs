//! What was done to copies, in words.

use std::collections::BTreeMap;

use broker_core::types::BrokerId;

use super::copies::Doubt;
use super::injuries::{How, Injury};
use super::promise::Promise;
use crate::trace::{Stop, seconds};

/// `broker-1 lost power at 4.082s with 198 unflushed records`
pub(super) fn injury(injury: &Injury) -> String {
    format!("broker-{} {}", injury.broker, fate(injury))
}

/// What became of a broker: what it did or suffered, and when.
pub(super) fn fate(injury: &Injury) -> String {
    let at = seconds(injury.since);
    match injury.how {
        How::Died(Stop::PowerLost) => format!("lost power at {at} and nothing with it"),
        How::Died(Stop::Halted) => format!("gave up at {at}"),
        How::Died(_) => format!("died at {at}"),
        How::Power { records, forgot: None } => {
            format!("lost power at {at} with {}", counted(records, "unflushed "))
        }
        How::Power { records, forgot: Some(how) } => {
            format!("lost power at {at} after {how}, and with it {}", counted(records, ""))
        }
        How::Spoilt(how) => format!("{how} at {at}"),
    }
}

fn counted(records: u64, which: &str) -> String {
    match records {
        0 => "something".to_owned(),
        1 => format!("1 {which}record"),
        records => format!("{records} {which}records"),
    }
}

/// What happened to each copy in doubt, once: that it forgot, or else the last. Those of the same fate are named together.
pub(super) fn injuries(doubt: &Doubt<'_>, outlives_power: bool) -> String {
    let mut told: BTreeMap<BrokerId, &Injury> = BTreeMap::new();
    for next in &doubt.injuries {
        let worst = told.entry(next.broker).or_insert(next);
        if next.how.forgets(outlives_power) || !worst.how.forgets(outlives_power) {
            *worst = next;
        }
    }
    let mut fates: Vec<(String, Vec<BrokerId>)> = Vec::new();
    for (broker, worst) in told {
        let fate = fate(worst);
        match fates.iter_mut().find(|(known, _)| *known == fate) {
            Some((_, brokers)) => brokers.push(broker),
            None => fates.push((fate, vec![broker])),
        }
    }
    let told = fates.iter().map(|(fate, brokers)| format!("{} {fate}", names(brokers)));
    told.collect::<Vec<_>>().join("; ")
}

/// `broker-1, broker-2 and broker-3`
fn names(brokers: &[BrokerId]) -> String {
    let names: Vec<String> = brokers.iter().map(|broker| format!("broker-{broker}")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// `min.insync.replicas = 2 promises to survive 1 copy that forgets at a time`
pub(super) fn promise(promise: &Promise) -> String {
    let Promise { min_insync, eligible_leader_replicas, .. } = promise;
    match promise.forgetful_copies() {
        0 if *eligible_leader_replicas => {
            format!("min.insync.replicas = {min_insync} promises to survive no copy that forgets")
        }
        0 => format!(
            "eligible.leader.replicas.enable = false: min.insync.replicas = {min_insync} does not promise to survive \
             that (KIP-966)"
        ),
        1 => format!("min.insync.replicas = {min_insync} promises to survive 1 copy that forgets at a time"),
        most => {
            format!(
                "min.insync.replicas = {min_insync} promises to survive {most} copies that forget at a time"
            )
        }
    }
}

/// Where the copies in doubt were all there was to elect.
pub(super) fn beyond(doubt: &Doubt<'_>, promise: &Promise) -> String {
    let told = injuries(doubt, promise.outlives_power());
    let survives = self::promise(promise);
    match doubt.brokers().len() {
        1 if promise.copies == 1 => format!("{told}, and there is no other copy: {survives}"),
        1 => format!("{told} while it was the whole ISR, and {survives}"),
        count => {
            let copies = promise.copies;
            let others = if promise.eligible_leader_replicas { "the ISR or the ELR" } else { "the ISR" };
            format!(
                "{told}: {count} of {copies} copies in doubt at a time, nobody else was in {others}, and {survives}"
            )
        }
    }
}

/// Where somebody had everything.
pub(super) fn within(worst: Option<&Doubt<'_>>, promise: &Promise) -> String {
    let (survives, copies) = (self::promise(promise), promise.copies);
    let Some(doubt) = worst else {
        let none = if copies == 1 { "the only copy forgot nothing" } else { "no copy forgot anything" };
        return format!("{none} that it had to keep: this is a bug");
    };
    let told = injuries(doubt, promise.outlives_power());
    let count = doubt.brokers().len();
    let said = format!("at most {count} of {copies} copies were in doubt at a time ({told})");
    if promise.forgetful_copies() < count {
        format!(
            "{said}; {survives}, but somebody was left who had everything and could be elected: look at this, it \
             should not have happened"
        )
    } else {
        format!("{said}, and {survives}: this is a bug")
    }
}
