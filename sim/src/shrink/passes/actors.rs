//! Fewer of everything: clients, topics, partitions, brokers, replicas, records.

use std::time::Duration;

use crate::scenario::{RECORD_BYTES, Scenario};
use crate::shrink::edit::{Gone, retargeted};
use crate::shrink::simpler::numbers;
use crate::shrink::subject::Subject;

/// What there is less of, the cheapest first.
pub(super) fn changes(subject: &Subject) -> Vec<Scenario> {
    let mut changes = Vec::new();
    clients(subject, &mut changes);
    topics(subject, &mut changes);
    brokers(subject, &mut changes);
    records(subject, &mut changes);
    changes
}

fn clients(subject: &Subject, changes: &mut Vec<Scenario>) {
    let producers = subject.scenario.producers.len();
    let client = |index: usize| Gone::Client(u32::try_from(index).expect("few clients"));
    for index in 0..subject.scenario.consumers.len() {
        let mut scenario = retargeted(subject, &client(producers + index));
        scenario.consumers.remove(index);
        changes.push(scenario);
    }
    if 1 < producers {
        for index in 0..producers {
            let mut scenario = retargeted(subject, &client(index));
            scenario.producers.remove(index);
            changes.push(scenario);
        }
    }
}

fn topics(subject: &Subject, changes: &mut Vec<Scenario>) {
    let topics = &subject.scenario.topics;
    for (index, topic) in topics.iter().enumerate() {
        let name = &topic.name;
        // Clients of this topic alone go first, by passes of their own.
        let mut scenario = retargeted(subject, &Gone::Topic(name.clone()));
        scenario.topics.remove(index);
        scenario.producers.iter_mut().for_each(|client| client.topics.retain(|topic| topic != name));
        scenario.consumers.iter_mut().for_each(|client| client.topics.retain(|topic| topic != name));
        let served = scenario.producers.iter().all(|client| !client.topics.is_empty())
            && scenario.consumers.iter().all(|client| !client.topics.is_empty());
        if served && 1 < topics.len() {
            changes.push(scenario);
        }
    }
    for (index, topic) in topics.iter().enumerate() {
        for left in fewer(topic.partitions.unsigned_abs().into()) {
            let left = i32::try_from(left).expect("fewer than there are");
            let mut scenario = retargeted(subject, &Gone::Partitions(topic.name.clone(), left));
            scenario.topics[index].partitions = left;
            changes.push(scenario);
        }
    }
}

fn brokers(subject: &Subject, changes: &mut Vec<Scenario>) {
    let brokers = subject.scenario.cluster.brokers;
    for (index, topic) in subject.scenario.topics.iter().enumerate() {
        for left in 1..topic.replication_factor {
            let mut scenario = retargeted(subject, &Gone::Replicas(topic.name.clone(), left));
            scenario.topics[index].replication_factor = left;
            changes.push(scenario);
        }
    }
    for gone in (1..=brokers).rev().filter(|_| 1 < brokers) {
        let mut scenario = retargeted(subject, &Gone::Broker(i32::try_from(gone).expect("at most 9")));
        scenario.cluster.brokers -= 1;
        let most = i16::try_from(scenario.cluster.brokers).expect("at most 9");
        for topic in &mut scenario.topics {
            topic.replication_factor = topic.replication_factor.min(most);
        }
        changes.push(scenario);
    }
}

fn records(subject: &Subject, changes: &mut Vec<Scenario>) {
    for (index, producer) in subject.scenario.producers.iter().enumerate() {
        let mut with = |records: u64, rate: f64| {
            let mut scenario = subject.scenario.clone();
            (scenario.producers[index].records, scenario.producers[index].rate) = (records, rate);
            changes.push(scenario);
        };
        // For as long as now, but less often.
        for rate in slower(producer.rate) {
            let share = Duration::from_secs(producer.records).mul_f64(rate / producer.rate).as_secs();
            if let Some(records) = numbers(share.saturating_add(1), 1).last() {
                with(*records, rate);
            }
        }
        numbers(producer.records, 1).into_iter().for_each(|records| with(records, producer.rate));
        slower(producer.rate).into_iter().for_each(|rate| with(producer.records, rate));
        if producer.value_bytes != RECORD_BYTES {
            let mut scenario = subject.scenario.clone();
            scenario.producers[index].value_bytes = RECORD_BYTES;
            changes.push(scenario);
        }
    }
}

/// Round rates below this one.
fn slower(rate: f64) -> Vec<f64> {
    let whole = Duration::from_secs_f64(rate.min(1e6)).as_secs();
    let rates = numbers(whole.max(1), 1).into_iter();
    // Rates are at most a million.
    rates.map(|rate| f64::from(u32::try_from(rate).unwrap_or(u32::MAX))).filter(|slow| *slow < rate).collect()
}

/// 1, half, and one less.
fn fewer(count: u64) -> Vec<u64> {
    let mut fewer = vec![1, count / 2, count - 1];
    fewer.retain(|left| (1..count).contains(left));
    fewer.dedup();
    fewer
}
