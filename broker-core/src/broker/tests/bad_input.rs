//! What nobody should send, and Kafka's answer to it.

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::{
    BrokerId as WireBrokerId, FetchRequest, InitProducerIdRequest, ListOffsetsRequest, MetadataRequest,
    OffsetForLeaderEpochRequest, ProducerId as WireProducerId, TransactionalId,
};

use super::*;
use crate::types::TopicId;

/// A batch of two records with these bytes put into it, and a checksum that is right again.
pub(super) fn forged(changes: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = testing::idempotent_batch(&["a", "b"], 7, 0, 0).bytes().to_vec();
    for (at, value) in changes {
        bytes[*at..at + value.len()].copy_from_slice(value);
    }
    let crc = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    bytes
}

pub(super) fn produce_bytes(records: Option<Vec<u8>>) -> ProduceRequest {
    let mut body = produce(Acks::All, &[&[]]);
    body.topic_data[0].partition_data[0].records = records.map(Bytes::from);
    body
}

#[test]
fn a_batch_that_is_not_what_it_says_is_refused_and_nothing_is_appended() {
    let whole = forged(&[]);
    let cut = whole[..whole.len() - 1].to_vec();
    let twice = [&whole[..], &whole[..]].concat();
    let corrupt = [&whole[..whole.len() - 1], b"?"].concat();
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    for (name, records, expected) in [
        ("no records", None, ErrorCode::INVALID_RECORD),
        ("empty records", Some(Vec::new()), ErrorCode::INVALID_RECORD),
        ("half a batch", Some(cut), ErrorCode::INVALID_RECORD),
        ("two batches", Some(twice), ErrorCode::INVALID_RECORD),
        ("magic 1", Some(forged(&[(16, &[1])])), ErrorCode::INVALID_RECORD),
        ("magic 3", Some(forged(&[(16, &[3])])), ErrorCode::CORRUPT_MESSAGE),
        ("a negative length", Some(forged(&[(8, &[0xff; 4])])), ErrorCode::CORRUPT_MESSAGE),
        ("shorter than a header", Some(forged(&[(8, &[0, 0, 0, 40])])), ErrorCode::CORRUPT_MESSAGE),
        ("a wrong checksum", Some(corrupt), ErrorCode::CORRUPT_MESSAGE),
        ("a base offset", Some(forged(&[(7, &[1])])), ErrorCode::INVALID_RECORD),
        ("the last base offset", Some(forged(&[(0, &i64::MAX.to_be_bytes())])), ErrorCode::INVALID_RECORD),
        ("a codec", Some(forged(&[(22, &[1])])), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),
        ("a codec that is none", Some(forged(&[(22, &[7])])), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),
        ("a control batch", Some(forged(&[(22, &[0x20])])), ErrorCode::INVALID_RECORD),
        ("a transaction", Some(forged(&[(22, &[0x10])])), ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
        ("no count", Some(forged(&[(57, &[0; 4])])), ErrorCode::INVALID_RECORD),
        ("a negative count", Some(forged(&[(57, &[0xff; 4])])), ErrorCode::INVALID_RECORD),
        ("another last delta", Some(forged(&[(26, &[2])])), ErrorCode::INVALID_RECORD),
        ("more records than there are", Some(forged(&[(26, &[2]), (60, &[3])])), ErrorCode::INVALID_RECORD),
        ("fewer records than there are", Some(forged(&[(26, &[0]), (60, &[1])])), ErrorCode::INVALID_RECORD),
        ("a record's length", Some(forged(&[(61, &[0x7e])])), ErrorCode::INVALID_RECORD),
        ("a record's offset delta", Some(forged(&[(64, &[0x7e])])), ErrorCode::INVALID_RECORD),
        ("an id without a sequence", Some(forged(&[(53, &[0xff; 4])])), ErrorCode::INVALID_RECORD),
        ("a sequence without an id", Some(forged(&[(43, &[0xff; 8])])), ErrorCode::INVALID_RECORD),
    ] {
        let response = cluster.ask(1, &produce_bytes(records));
        assert_eq!(answer(&response), (expected, -1), "{name}");
        assert_eq!(cluster.offsets(1), (0, 0), "{name}");
    }
    let large = testing::batch(&["x".repeat(1 << 20).as_str()]);
    assert_eq!(cluster.produce(1, Acks::All, &[large]), (ErrorCode::MESSAGE_TOO_LARGE, -1));
    // What is cut short behind a batch is dropped, as in Kafka.
    let tail = [&whole[..], &whole[..30]].concat();
    assert_eq!(answer(&cluster.ask(1, &produce_bytes(Some(tail)))), (ErrorCode::NONE, 0));
    assert_eq!(cluster.offsets(1), (2, 2));
}

#[test]
fn what_is_asked_first_decides_what_is_answered_if_several_things_are_wrong() {
    let mut cluster = Cluster::with_topic(2, &[], &[]);
    let good = || Some(forged(&[]));
    let corrupt = || Some(forged(&[(8, &[0xff; 4])]));
    for (name, broker, partition, acks, records, expected) in [
        ("no such partition", 1, 1, -1, corrupt(), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("a negative partition", 1, -1, 2, good(), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("no batch, no such acks", 1, 0, 2, None, ErrorCode::INVALID_RECORD),
        ("no such acks, not the leader", 2, 0, -2, good(), ErrorCode::INVALID_REQUIRED_ACKS),
        (
            "not the leader, wrong checksum",
            2,
            0,
            -1,
            Some(forged(&[(7, &[1])])),
            ErrorCode::NOT_LEADER_OR_FOLLOWER,
        ),
    ] {
        let mut body = produce_bytes(records).with_acks(acks);
        body.topic_data[0].partition_data[0].index = partition;
        assert_eq!(answer(&cluster.ask(broker, &body)), (expected, -1), "{name}");
    }
    assert_eq!(cluster.offsets(1), (0, 0));
}

#[test]
fn an_impossible_sequence_is_refused_and_a_timeout_below_zero_is_none() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    let batch = |epoch, sequence| [testing::idempotent_batch(&["a", "b"], 7, epoch, sequence)];
    assert_eq!(
        cluster.produce(1, Acks::All, &batch(1, i32::MAX)),
        (ErrorCode::NONE, 0),
        "unknown: any will do"
    );
    for (name, epoch, sequence, expected) in [
        ("a gap", 1, 3, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
        ("an older epoch", 0, 1, ErrorCode::INVALID_PRODUCER_EPOCH),
        ("a newer epoch that does not begin", 2, 1, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
    ] {
        assert_eq!(cluster.produce(1, Acks::All, &batch(epoch, sequence)), (expected, -1), "{name}");
    }
    assert_eq!(cluster.produce(1, Acks::All, &batch(1, 1)), (ErrorCode::NONE, 2), "after 2^31-1 comes 0");
    for timeout_ms in [i32::MIN, i32::MAX] {
        let body = produce(Acks::All, &[&batch(1, 3)]).with_timeout_ms(timeout_ms);
        assert_eq!(answer(&cluster.ask(1, &body)), (ErrorCode::NONE, 4));
    }
}

pub(super) fn fetch(cluster: &Cluster, offset: i64) -> FetchRequest {
    let id = cluster.replica(1).topic_id();
    let partition = FetchPartition::default()
        .with_fetch_offset(offset)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_topic_id(id.to_uuid()).with_partitions(vec![partition]);
    FetchRequest::default().with_max_bytes(1 << 20).with_topics(vec![topic])
}

fn replica(id: i32) -> ReplicaState {
    ReplicaState::default().with_replica_id(WireBrokerId(id)).with_replica_epoch(-1)
}

#[test]
fn a_fetch_of_what_is_not_there_gets_an_error_for_each_topic_partition() {
    let mut cluster = Cluster::with_topic(2, &[], &[]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    type Change = fn(&mut FetchRequest);
    let cases: [(&str, Change, ErrorCode); 13] = [
        (
            "a negative offset",
            |body| body.topics[0].partitions[0].fetch_offset = -1,
            ErrorCode::OFFSET_OUT_OF_RANGE,
        ),
        (
            "the last offset",
            |body| body.topics[0].partitions[0].fetch_offset = i64::MAX,
            ErrorCode::OFFSET_OUT_OF_RANGE,
        ),
        (
            "an unknown id",
            |body| body.topics[0].topic_id = TopicId(99).to_uuid(),
            ErrorCode::UNKNOWN_TOPIC_ID,
        ),
        (
            "no such partition",
            |body| body.topics[0].partitions[0].partition = 1,
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ),
        (
            "a negative partition",
            |body| body.topics[0].partitions[0].partition = -1,
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ),
        (
            "a later epoch",
            |body| body.topics[0].partitions[0].current_leader_epoch = 9,
            ErrorCode::UNKNOWN_LEADER_EPOCH,
        ),
        (
            "an epoch above all",
            |body| body.topics[0].partitions[0].last_fetched_epoch = 9,
            ErrorCode::OFFSET_OUT_OF_RANGE,
        ),
        ("no replica", |body| body.replica_state = replica(9), ErrorCode::NOT_LEADER_OR_FOLLOWER),
        ("the leader itself", |body| body.replica_state = replica(1), ErrorCode::NOT_LEADER_OR_FOLLOWER),
        (
            "no replica that knows the epoch",
            |body| {
                body.replica_state = replica(9);
                body.topics[0].partitions[0].current_leader_epoch = 0;
            },
            ErrorCode::UNKNOWN_LEADER_EPOCH,
        ),
        ("a negative replica is a consumer", |body| body.replica_state = replica(-7), ErrorCode::NONE),
        (
            "negative sizes and waits",
            |body| (body.max_bytes, body.max_wait_ms) = (-1, i32::MIN),
            ErrorCode::NONE,
        ),
        ("all there is time for", |body| body.max_wait_ms = i32::MAX, ErrorCode::NONE),
    ];
    for (name, change, expected) in cases {
        let mut body = fetch(&cluster, 0);
        change(&mut body);
        let response = cluster.ask(1, &body);
        let partition = &response.responses[0].partitions[0];
        assert_eq!(ErrorCode(partition.error_code), expected, "{name}");
        let records = partition.records.as_ref().map_or(0, Bytes::len);
        assert_eq!(0 < records, expected.is_none(), "{name}");
    }
    let session = cluster.ask(1, &fetch(&cluster, 0).with_session_id(5).with_session_epoch(5));
    assert_eq!(ErrorCode(session.error_code), ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    assert_eq!(cluster.ask(1, &FetchRequest::default()).responses, []);
}

#[test]
fn a_fetch_that_names_a_topic_partition_often_gets_one_answer_as_the_last_one_asks() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    let mut body = fetch(&cluster, 0);
    for offset in [i64::MAX, 1, 0] {
        body.topics.extend(fetch(&cluster, offset).topics);
    }
    let response = cluster.ask(1, &body);
    assert_eq!((response.responses.len(), response.responses[0].partitions.len()), (1, 1));
    assert_eq!(response.responses[0].partitions[0].error_code, 0);
}

#[test]
fn questions_about_what_does_not_exist_are_answered_with_why() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    let name = |name: &'static str| TopicName(StrBytes::from_static_str(name));
    for (topic, partition, timestamp, expected) in [
        ("orders", 0, -1, ErrorCode::NONE),
        ("orders", 0, -9, ErrorCode::UNSUPPORTED_VERSION),
        ("orders", 0, i64::MIN, ErrorCode::UNSUPPORTED_VERSION),
        ("orders", 0, i64::MAX, ErrorCode::INVALID_REQUEST),
        ("orders", 1, -1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("", -1, -1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    ] {
        let asked = ListOffsetsPartition::default()
            .with_partition_index(partition)
            .with_timestamp(timestamp)
            .with_current_leader_epoch(-1);
        let topics = vec![ListOffsetsTopic::default().with_name(name(topic)).with_partitions(vec![asked])];
        let response = cluster.ask(1, &ListOffsetsRequest::default().with_topics(topics));
        let answer = &response.topics[0].partitions[0];
        assert_eq!(ErrorCode(answer.error_code), expected, "{topic}-{partition} at {timestamp}");
    }
    for (partition, epoch, expected) in [
        (0, -1, (ErrorCode::NONE, -1)),
        (0, i32::MIN, (ErrorCode::NONE, -1)),
        (0, i32::MAX, (ErrorCode::NONE, -1)),
        (7, 0, (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, -1)),
    ] {
        let asked = OffsetForLeaderPartition::default()
            .with_partition(partition)
            .with_current_leader_epoch(-1)
            .with_leader_epoch(epoch);
        let topic = OffsetForLeaderTopic::default().with_topic(name("orders")).with_partitions(vec![asked]);
        let response = cluster.ask(1, &OffsetForLeaderEpochRequest::default().with_topics(vec![topic]));
        let answer = &response.topics[0].partitions[0];
        assert_eq!((ErrorCode(answer.error_code), answer.end_offset), expected, "epoch {epoch}");
    }
    let asked = MetadataRequestTopic::default().with_name(None).with_topic_id(TopicId(99).to_uuid());
    let response = cluster.ask(1, &MetadataRequest::default().with_topics(Some(vec![asked])));
    assert_eq!(ErrorCode(response.topics[0].error_code), ErrorCode::UNKNOWN_TOPIC_ID);
}

#[test]
fn producer_ids_are_for_whoever_has_no_transaction() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    let text = |text: &'static str| Some(TransactionalId(StrBytes::from_static_str(text)));
    for (transaction, id, epoch, expected) in [
        (None, -1, -1, ErrorCode::NONE),
        (None, 5, -1, ErrorCode::INVALID_REQUEST),
        (None, -1, 5, ErrorCode::INVALID_REQUEST),
        (text(""), -1, -1, ErrorCode::INVALID_REQUEST),
        (text("t"), -1, -1, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
    ] {
        let body = InitProducerIdRequest::default()
            .with_transactional_id(transaction)
            .with_producer_id(WireProducerId(id))
            .with_producer_epoch(epoch);
        let response = cluster.ask(1, &body);
        assert_eq!(ErrorCode(response.error_code), expected);
        assert_eq!(response.producer_id.0 < 0, !expected.is_none());
    }
}
