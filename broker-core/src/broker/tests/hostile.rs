//! Well-formed messages with senseless values, from everybody: nothing panics, nothing is appended that is not said to be.

use kafka_protocol::messages::fetch_request::ReplicaState;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::{
    BrokerId as WireBrokerId, FetchRequest, FetchResponse, ListOffsetsRequest, OffsetForLeaderEpochRequest,
};
use kafka_protocol::protocol::Decodable;
use proptest::prelude::*;

use super::bad_input::{fetch, forged, produce_bytes};
use super::*;
use crate::io::HaltReason;
use crate::metadata::{MetadataRecord, encode_batch};
use crate::types::{BrokerId, LeaderEpoch, Offset, PartitionEpoch, TopicId};
use crate::wire::{RequestContext, encode_response};

/// A number somebody may send.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        3 => -2i64..4,
        1 => Just(i64::MAX),
        1 => Just(i64::MIN),
        1 => Just(i64::from(i32::MAX)),
        1 => Just(i64::from(i32::MIN)),
        1 => any::<i64>(),
    ]
}

/// Where a batch's header has its fields, and how long they are.
const FIELDS: [(usize, usize); 12] = [
    (0, 8),
    (8, 4),
    (12, 4),
    (16, 1),
    (21, 2),
    (23, 4),
    (27, 8),
    (35, 8),
    (43, 8),
    (51, 2),
    (53, 4),
    (57, 4),
];

fn forged_batch((field, value): (prop::sample::Index, i64)) -> Vec<u8> {
    let (at, size) = FIELDS[field.index(FIELDS.len())];
    forged(&[(at, &value.to_be_bytes()[8 - size..])])
}

/// The end of the log and all its bytes.
fn log(cluster: &Cluster) -> (i64, Bytes) {
    let bytes = cluster.broker(1).read_log(&orders(), Offset::ZERO).unwrap().unwrap();
    (cluster.offsets(1).0, bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_appended_unless_the_answer_says_so(
        sent in prop::collection::vec(
            ((any::<prop::sample::Index>(), number()), -2i16..3, number(), 0i32..2, 1usize..3), 1..12,
        ),
    ) {
        let mut cluster = Cluster::with_topic(1, &[], &[]);
        for (forgery, acks, timeout, partition, times) in sent {
            let mut body = produce_bytes(Some(forged_batch(forgery)));
            (body.acks, body.timeout_ms) = (acks, timeout as i32);
            body.topic_data[0].partition_data[0].index = partition;
            let same = body.topic_data[0].clone();
            body.topic_data.resize(times, same);
            let before = log(&cluster);
            let connection = cluster.send(1, &body);
            cluster.run(Duration::from_millis(50));
            prop_assert!(cluster.halted.is_empty());
            if cluster.closed.contains(&connection) || acks == 0 {
                continue;
            }
            let response = cluster.take_answer::<ProduceRequest>(connection);
            let (error, base_offset) = answer(&response.expect("it is answered"));
            if error.is_none() {
                prop_assert!(0 <= base_offset && base_offset < log(&cluster).0);
            } else {
                prop_assert_eq!(before, log(&cluster), "{}", error);
            }
        }
    }

    #[test]
    fn every_question_is_answered_and_changes_nothing(
        asked in prop::collection::vec((0u8..3, prop::array::uniform9(number())), 1..12),
    ) {
        let mut cluster = Cluster::with_topic(2, &[], &[]);
        cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
        cluster.run(Duration::from_millis(100));
        let before = (log(&cluster), cluster.partition());
        for (kind, numbers) in asked {
            let [a, b, c, d, e, f, g, h, i] = numbers;
            let connection = match kind {
                0 => {
                    let mut body = fetch(&cluster, a);
                    let partition = &mut body.topics[0].partitions[0];
                    partition.current_leader_epoch = b as i32;
                    partition.last_fetched_epoch = c as i32;
                    partition.partition_max_bytes = d as i32;
                    partition.log_start_offset = e;
                    // Never replica 2, who would have said how far it is; and a wait that ends within the test.
                    body.replica_state = ReplicaState::default()
                        .with_replica_id(WireBrokerId(if f == 2 { 3 } else { f as i32 }))
                        .with_replica_epoch(g);
                    (body.max_bytes, body.min_bytes, body.max_wait_ms) = (h as i32, i as i32, (a as i32).min(40));
                    cluster.send(1, &body)
                }
                1 => {
                    let partition = ListOffsetsPartition::default()
                        .with_partition_index(a.min(1) as i32)
                        .with_timestamp(b)
                        .with_current_leader_epoch(c as i32);
                    let topic = ListOffsetsTopic::default()
                        .with_name(TopicName(StrBytes::from_static_str("orders")))
                        .with_partitions(vec![partition; 2]);
                    cluster.send(1, &ListOffsetsRequest::default().with_topics(vec![topic]))
                }
                _ => {
                    let partition = OffsetForLeaderPartition::default()
                        .with_partition(a.min(1) as i32)
                        .with_leader_epoch(b as i32)
                        .with_current_leader_epoch(c as i32);
                    let topic = OffsetForLeaderTopic::default()
                        .with_topic(TopicName(StrBytes::from_static_str("orders")))
                        .with_partitions(vec![partition; 2]);
                    cluster.send(1, &OffsetForLeaderEpochRequest::default().with_topics(vec![topic]))
                }
            };
            cluster.run(Duration::from_millis(60));
            prop_assert!(cluster.answers.contains_key(&connection));
        }
        prop_assert!(cluster.halted.is_empty());
        prop_assert_eq!(before, (log(&cluster), cluster.partition()));
    }

    #[test]
    fn responses_with_a_few_bytes_changed_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        every in 1usize..5,
    ) {
        let mut cluster = Cluster::with_topic(3, &[], &[]);
        let (mut seen, mut changes) = (0, changes.into_iter());
        cluster.tamper = Some(Box::new(move |frame| {
            seen += 1;
            match changes.next_if(seen % every == 0) {
                Some((at, byte)) => {
                    let mut bytes = frame.to_vec();
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                    bytes.into()
                }
                None => frame,
            }
        }));
        for round in 0..10 {
            let batch = testing::idempotent_batch(&["a", "b"], 7, 0, 2 * round);
            cluster.send(1, &produce(Acks::All, &[&[batch]]));
            cluster.run(Duration::from_millis(50));
        }
        // The checksum protects records, so that no metadata contradicts itself.
        prop_assert!(cluster.halted.is_empty(), "{:?}", cluster.halted);
        prop_assert!(cluster.offsets(1).0 <= 20);
    }
}

/// An iterator that is asked only now and then.
trait NextIf: Iterator {
    fn next_if(&mut self, now: bool) -> Option<Self::Item> {
        if now { self.next() } else { None }
    }
}

impl<I: Iterator> NextIf for I {}

/// A controller whose answers to metadata fetches have these records at the next offset, once there is a topic.
fn contradicting(record: MetadataRecord) -> Cluster {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    let next = cluster.controller().image().end_offset();
    let records = encode_batch(&[record], 0).placed_at(next, LeaderEpoch(0)).bytes().clone();
    cluster.tamper = Some(Box::new(move |frame| {
        let context = RequestContext {
            api: kafka_protocol::messages::ApiKey::Fetch,
            version: 17,
            correlation_id: i32::from_be_bytes(*frame.first_chunk().unwrap()),
        };
        let mut body = frame.slice(5.min(frame.len())..);
        match FetchResponse::decode(&mut body, 17) {
            Ok(mut response) if response.responses.len() == 1 && body.is_empty() => {
                response.responses[0].partitions[0].records = Some(records.clone());
                encode_response(context, &response)
            }
            _ => frame,
        }
    }));
    cluster.run(Duration::from_secs(2));
    cluster
}

#[test]
fn a_controller_that_contradicts_itself_halts_the_broker() {
    let partition = |replicas: &[i32], isr: &[i32], leader: i32, epoch: i32| MetadataRecord::Partition {
        topic: TopicId(3),
        partition: 0,
        replicas: replicas.iter().copied().map(BrokerId).collect(),
        isr: isr.iter().copied().map(BrokerId).collect(),
        leader: BrokerId(leader),
        leader_epoch: LeaderEpoch(epoch),
        partition_epoch: PartitionEpoch(epoch),
    };
    let topic =
        |name: &str| MetadataRecord::Topic { id: TopicId(99), name: name.into(), configs: Vec::new() };
    for (record, reason) in [
        (MetadataRecord::FenceBroker { broker: BrokerId(9) }, "a broker that is not registered"),
        (topic("orders"), "a topic name twice"),
        (topic("../orders"), "no topic's name"),
        (partition(&[1], &[], 1, 9), "an empty ISR"),
        (partition(&[1], &[2], 2, 9), "an ISR outside the replicas"),
    ] {
        let cluster = contradicting(record);
        let Some(HaltReason::Storage(error)) = cluster.halted.get(&1) else { panic!("{reason}") };
        assert!(error.path.ends_with(reason), "{error}");
    }
}

#[test]
fn what_fits_is_read_and_what_does_not_fit_behind_it_waits() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    let body: FetchRequest = fetch(&cluster, 0).with_max_bytes(1);
    let response = cluster.ask(1, &body);
    assert!(
        !response.responses[0].partitions[0].records.as_ref().unwrap().is_empty(),
        "one batch comes anyway"
    );
}
