//! Clients among liars.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::ProduceRequest;
use proptest::prelude::*;

use super::lie::{Lie, lie};
use crate::batch::RecordBatch;
use crate::client::fake::{Rig, Sent, TOPIC, endpoint, metadata};
use crate::client::{Admin, Consumer, NewTopic, Producer, ReadUntil};
use crate::config::{ConsumerConfig, ProducerConfig, Properties, RawValue, Scope, TimeScale};
use crate::error::RequestError;
use crate::event::Event;
use crate::io::{Effect, Input, Node, ProducerRecord, SendOutcome};
use crate::time::Timestamp;
use crate::types::TopicPartition;
use crate::wire::{self, Request};

const HOUR: i64 = 3_600_000_000;

/// No client plans for longer: this is `metadata.max.age.ms`.
const PLAN_MAX: Duration = Duration::from_secs(300);

#[derive(Clone, Debug)]
enum Step {
    Send { partition: i32 },
    Answer { which: prop::sample::Index, lie: Lie },
    Fail { which: prop::sample::Index, timed_out: bool },
    Wait { millis: u64 },
    Set { clock_by: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let which = any::<prop::sample::Index>;
    prop_oneof![
        4 => (0..2i32).prop_map(|partition| Step::Send { partition }),
        10 => (which(), lie()).prop_map(|(which, lie)| Step::Answer { which, lie }),
        1 => (which(), any::<bool>()).prop_map(|(which, timed_out)| Step::Fail { which, timed_out }),
        6 => prop_oneof![Just(1), Just(150), Just(1_100)].prop_map(|millis| Step::Wait { millis }),
        1 => clock_step().prop_map(|clock_by| Step::Set { clock_by }),
    ]
}

/// Microseconds.
fn clock_step() -> impl Strategy<Value = i64> {
    prop_oneof![-2_000_000..2_000_000_i64, -HOUR..HOUR]
}

/// Lets one step happen to a client; the request that was answered, and with what.
fn happen<N: Node>(rig: &mut Rig<N>, step: &Step) -> Option<(Sent, Bytes)> {
    let mut take = |which: &prop::sample::Index| {
        let open = rig.requests.len();
        (0 < open).then(|| rig.requests.remove(which.index(open)).expect("within bounds"))
    };
    match step {
        Step::Send { .. } => None,
        Step::Answer { which, lie } => {
            let sent = take(which)?;
            let frame = lie.answer(&sent);
            rig.input(Input::Response { request: sent.id, result: Ok(frame.clone()) });
            Some((sent, frame))
        }
        Step::Fail { which, timed_out } => {
            let sent = take(which)?;
            let error = if *timed_out { RequestError::TimedOut } else { RequestError::Disconnected };
            rig.fail(&sent, error);
            None
        }
        Step::Wait { millis } => {
            rig.run_until(rig.now + Duration::from_millis(*millis));
            None
        }
        Step::Set { clock_by } => {
            rig.now = Timestamp(rig.now.0.saturating_add_signed(*clock_by));
            rig.tick();
            assert!(
                rig.node.next_deadline().is_none_or(|at| at <= rig.now + PLAN_MAX),
                "it sleeps for too long"
            );
            None
        }
    }
}

/// Answers every request for metadata as it should be.
fn serve_metadata<N: Node>(rig: &mut Rig<N>) {
    while let Some(index) = rig.requests.iter().position(|sent| matches!(sent.body, Request::Metadata(_))) {
        let sent = rig.requests.remove(index).expect("just found");
        rig.answer(&sent, &metadata(&[(1, 0), (2, 0)]));
    }
}

/// The tokens that this answer to this request acknowledges.
fn acknowledged(sent: &Sent, frame: &Bytes) -> BTreeSet<u64> {
    let (Request::Produce(body), Ok(response)) =
        (&sent.body, wire::decode_response::<ProduceRequest>(frame.clone()))
    else {
        return BTreeSet::new();
    };
    let ours = response.responses.iter().filter(|topic| &*topic.name.0 == TOPIC);
    let good: BTreeSet<i32> = ours
        .flat_map(|topic| &topic.partition_responses)
        .filter(|partition| matches!(partition.error_code, 0 | 46))
        .map(|partition| partition.index)
        .collect();
    let data = body.topic_data.iter().flat_map(|topic| &topic.partition_data);
    data.filter(|data| good.contains(&data.index))
        .flat_map(|data| {
            let batch = RecordBatch::split_from(&mut data.records.clone().expect("there are records"));
            batch.expect("producers write batches").records().expect("of records")
        })
        .map(|record| u64::from_be_bytes(record.value[..].try_into().expect("a value is its token")))
        .collect()
}

fn producer(idempotence: bool) -> Rig<Producer> {
    let mut properties = Properties::new(Scope::Producer);
    properties.set("enable.idempotence", RawValue::Bool(idempotence)).expect("a known property");
    properties.set("batch.size", RawValue::Int(200)).expect("a known property");
    let config = ProducerConfig::new(&properties, TimeScale::Kafka).expect("no contradiction");
    Rig::new(Producer::new(config, "producer".to_owned(), (1..=3).map(endpoint).collect(), 42))
}

proptest! {
    #[test]
    fn a_producer_believes_only_what_is_said_of_its_own_batch_and_completes_each_send_once(
        idempotence in prop::bool::weighted(0.8),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut rig = producer(idempotence);
        let (mut completed, mut sends, mut seen) = (BTreeSet::new(), 0u64, 0);
        for step in &steps {
            if let Step::Send { partition } = step {
                let topic_partition = TopicPartition::new(TOPIC, *partition);
                let value = Bytes::copy_from_slice(&sends.to_be_bytes());
                rig.input(Input::Send(ProducerRecord { token: sends, topic_partition, key: Bytes::new(), value }));
                sends += 1;
            }
            let may_be_ok = happen(&mut rig, step).map(|(sent, frame)| acknowledged(&sent, &frame));
            let may_be_ok = may_be_ok.unwrap_or_default();
            for effect in &rig.others[seen..] {
                let Effect::SendCompleted { token, outcome } = effect else { continue };
                prop_assert!(completed.insert(*token), "{token} completed twice");
                let ok = matches!(outcome, SendOutcome::Ok { .. });
                prop_assert!(!ok || may_be_ok.contains(token), "nobody acknowledged {token}");
            }
            seen = rig.others.len();
        }
        rig.run_until(rig.now + Duration::from_secs(121));
        for effect in &rig.others[seen..] {
            let Effect::SendCompleted { token, outcome } = effect else { continue };
            prop_assert!(completed.insert(*token), "{token} completed twice");
            prop_assert!(!matches!(outcome, SendOutcome::Ok { .. }), "nobody acknowledged {token}");
        }
        prop_assert_eq!(completed.len() as u64, sends, "what nobody answers expires");
    }

    #[test]
    fn a_consumer_goes_back_only_if_it_says_so(
        to_the_end in any::<bool>(),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let config = ConsumerConfig::new(&Properties::new(Scope::Consumer), TimeScale::Kafka);
        let until = if to_the_end { ReadUntil::End } else { ReadUntil::Forever };
        let bootstrap = (1..=3).map(endpoint).collect();
        let mut rig = Rig::new(Consumer::new(config, "consumer".to_owned(), bootstrap, vec![Arc::from(TOPIC)], until));
        rig.tick();
        serve_metadata(&mut rig);
        let (mut next, mut events, mut others) = (BTreeMap::<TopicPartition, i64>::new(), 0, 0);
        for step in &steps {
            happen(&mut rig, step);
            for event in &rig.events[events..] {
                if let Event::ConsumerTruncated { topic_partition, from, to } = event {
                    prop_assert!(to < from);
                    next.insert(topic_partition.clone(), to.0);
                }
            }
            for effect in &rig.others[others..] {
                let Effect::Polled { topic_partition, records } = effect else { continue };
                let next = next.entry(topic_partition.clone()).or_default();
                for record in records {
                    prop_assert!(*next <= record.offset.0, "{} again", record.offset);
                    *next = record.offset.0 + 1;
                }
            }
            (events, others) = (rig.events.len(), rig.others.len());
        }
    }

    #[test]
    fn an_admin_is_done_at_most_once(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let topic = NewTopic { name: TOPIC.to_owned(), partitions: 1, replication_factor: 1, configs: Vec::new() };
        let (timeout, pause) = (Duration::from_secs(1), Duration::from_millis(100));
        let mut rig = Rig::new(Admin::new("admin".to_owned(), endpoint(9), vec![topic], timeout, pause));
        rig.tick();
        for step in &steps {
            happen(&mut rig, step);
        }
        let done = rig.others.iter().filter(|effect| matches!(effect, Effect::AdminDone)).count();
        prop_assert!(done <= 1);
        prop_assert!(done == 0 || rig.node.next_deadline().is_none());
    }
}
