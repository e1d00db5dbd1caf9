//! What was done to copies, in words.

use std::collections::BTreeMap;

use broker_core::time::Timestamp;
use broker_core::types::BrokerId;

use super::copies::Doubt;
use super::injuries::{How, Injury};
use super::promise::Promise;
use crate::trace::Stop;

/// To the millisecond.
pub(super) fn at(time: Timestamp) -> String {
    format!("{}.{:03}s", time.0 / 1_000_000, time.0 / 1_000 % 1_000)
}

/// `broker-1 lost power at 4.082s with 198 unflushed records`
pub(super) fn injury(injury: &Injury) -> String {
    let Injury { broker, since, how, .. } = injury;
    let at = at(*since);
    match how {
        How::Died(Stop::PowerLost) => format!("broker-{broker} lost power at {at} and nothing with it"),
        How::Died(Stop::Halted) => format!("broker-{broker} gave up at {at}"),
        How::Died(_) => format!("broker-{broker} was killed at {at}"),
        How::Power { records, forgot: None } => {
            format!("broker-{broker} lost power at {at} with {} unflushed", records_in_words(*records))
        }
        How::Power { records, forgot: Some(how) } => {
            let records = records_in_words(*records);
            format!("broker-{broker} lost power at {at} after {how}, and with it {records}")
        }
        How::Spoilt(how) => format!("broker-{broker} {how} since {at}"),
    }
}

fn records_in_words(records: u64) -> String {
    match records {
        0 => "something".to_owned(),
        1 => "1 record".to_owned(),
        records => format!("{records} records"),
    }
}

/// What happened to each copy in doubt, once: that it forgot, or else the last.
pub(super) fn injuries(doubt: &Doubt<'_>, outlives_power: bool) -> String {
    let mut told: BTreeMap<BrokerId, &Injury> = BTreeMap::new();
    for next in &doubt.injuries {
        let worst = told.entry(next.broker).or_insert(next);
        if next.how.forgets(outlives_power) || !worst.how.forgets(outlives_power) {
            *worst = next;
        }
    }
    told.values().map(|worst| injury(worst)).collect::<Vec<_>>().join("; ")
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
            format!(
                "{told}: {count} of {copies} copies in doubt at a time, and nobody else was in the ISR; {survives}"
            )
        }
    }
}

/// Where somebody had everything.
pub(super) fn within(worst: Option<&Doubt<'_>>, promise: &Promise) -> String {
    let (survives, copies) = (self::promise(promise), promise.copies);
    let Some(doubt) = worst else {
        return format!("none of {copies} copies forgot anything that it had to keep: this is a bug");
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
