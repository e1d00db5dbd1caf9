//! What peers that do not behave get to see.

use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse, MetadataRequest};
use kafka_protocol::protocol::Decodable;
use proptest::prelude::*;

use super::*;
use crate::io::ConnectionId;

impl Cluster {
    /// Sends a frame and gives the broker time to react.
    fn told(&mut self, frame: impl Into<Bytes>) -> ConnectionId {
        let connection = self.send_frame(1, frame.into());
        self.run(Duration::from_millis(5));
        connection
    }
}

#[test]
fn an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let mut cluster = Cluster::start(1, &[]);
    let mut frame = vec![0, ApiKey::ApiVersions as u8, 0, 99, 0, 0, 0, 7];
    frame.extend_from_slice(b"whatever header version 99 has");
    let connection = cluster.told(frame);
    let mut answer = cluster.answers.remove(&connection).flatten().expect("KIP-511");
    assert_eq!(answer.split_to(4), [0, 0, 0, 7][..], "the correlation id");
    let body = ApiVersionsResponse::decode(&mut answer, 0).unwrap();
    assert_eq!(ErrorCode(body.error_code), ErrorCode::UNSUPPORTED_VERSION);
    let produce = body.api_keys.iter().find(|api| api.api_key == ApiKey::Produce as i16).unwrap();
    assert_eq!((produce.min_version, produce.max_version), (9, 11));
    assert!(answer.is_empty() && !cluster.closed.contains(&connection));
    assert_eq!(cluster.ask(1, &ApiVersionsRequest::default()).error_code, 0);
}

#[test]
fn who_does_not_speak_the_protocol_is_disconnected() {
    let mut cluster = Cluster::start(1, &[]);
    for frame in [&b""[..], b"what?", &[0xff; 40], &[0, ApiKey::Produce as u8, 0, 11, 0, 0, 0, 1, 9]] {
        let connection = cluster.told(frame.to_vec());
        assert!(cluster.closed.contains(&connection), "{frame:?}");
    }
    let connection = cluster.send(1, &kafka_protocol::messages::BrokerHeartbeatRequest::default());
    cluster.run(Duration::from_millis(5));
    assert!(cluster.closed.contains(&connection), "that is the controller's business");
}

#[test]
fn acks_0_is_not_answered_and_an_error_closes_the_connection() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    let batch = testing::batch(&["a"]);
    let fine = cluster.send(1, &produce(Acks::None, &[std::slice::from_ref(&batch)]));
    cluster.run(Duration::from_millis(5));
    assert_eq!(cluster.answers.get(&fine), Some(&None));
    assert_eq!(cluster.offsets(1), (1, 1));
    let wrong = cluster.send(1, &produce(Acks::None, &[&[batch.clone(), batch]]));
    cluster.run(Duration::from_millis(5));
    assert!(cluster.closed.contains(&wrong) && !cluster.closed.contains(&fine));
}

#[test]
fn a_produce_that_is_not_one_whole_batch_appends_nothing() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    let batch = || testing::batch(&["a"]);
    let two = cluster.produce(1, Acks::All, &[batch(), batch()]);
    assert_eq!(two, (ErrorCode::INVALID_RECORD, -1), "two batches");
    let none = cluster.produce(1, Acks::All, &[]);
    assert_eq!(none, (ErrorCode::INVALID_RECORD, -1));
    for (at, expected) in [(70, ErrorCode::CORRUPT_MESSAGE), (16, ErrorCode::CORRUPT_MESSAGE)] {
        let mut bytes = batch().bytes().to_vec();
        bytes[at.min(batch().bytes().len() - 1)] ^= 1;
        let mut body = produce(Acks::All, &[&[]]);
        body.topic_data[0].partition_data[0].records = Some(bytes.into());
        assert_eq!(answer(&cluster.ask(1, &body)), (expected, -1), "byte {at}");
    }
    let mut body = produce(Acks::All, &[&[batch()]]);
    body.acks = 2;
    assert_eq!(answer(&cluster.ask(1, &body)), (ErrorCode::INVALID_REQUIRED_ACKS, -1));
    assert_eq!(cluster.offsets(1), (0, 0));
}

#[test]
fn a_request_that_names_a_topic_partition_twice_gets_one_answer_about_it() {
    for acks in [Acks::Leader, Acks::All] {
        let mut cluster = Cluster::with_topic(2, &[], &[]);
        let batch = testing::idempotent_batch(&["a"], 7, 0, 0);
        let same = std::slice::from_ref(&batch);
        let response = cluster.ask(1, &produce(acks, &[same, same]));
        assert_eq!(response.responses[0].partition_responses.len(), 1);
        assert_eq!(answer(&response), (ErrorCode::NONE, 0));
        assert_eq!(cluster.offsets(1).0, 1);
    }
}

#[test]
fn metadata_names_the_live_brokers_and_the_leader() {
    let mut cluster = Cluster::with_topic(3, &[], &[]);
    cluster.kill(3);
    cluster.run_until("it is fenced", |cluster| cluster.partition().1 == [1, 2]);
    cluster.run(Duration::from_millis(100));
    let response = cluster.ask(2, &MetadataRequest::default().with_topics(None));
    let brokers: Vec<i32> = response.brokers.iter().map(|broker| broker.node_id.0).collect();
    assert_eq!(brokers, [1, 2]);
    let partition = &response.topics[0].partitions[0];
    assert_eq!((partition.leader_id.0, partition.isr_nodes.len(), partition.replica_nodes.len()), (1, 2, 3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_frames_never_panic(
        frames in prop::collection::vec(
            (0i16..70, 0i16..18, prop::collection::vec(any::<u8>(), 0..120)), 1..20,
        ),
    ) {
        let mut cluster = Cluster::with_topic(2, &[], &[]);
        for (key, version, rest) in frames {
            let frame = [&key.to_be_bytes()[..], &version.to_be_bytes()[..], &rest[..]].concat();
            for node in [CONTROLLER, 1, 2] {
                cluster.send_frame(node, frame.clone().into());
            }
        }
        cluster.run(Duration::from_secs(1));
        prop_assert!(cluster.halted.is_empty());
    }

    #[test]
    fn a_batch_with_one_byte_changed_never_panics_and_is_appended_only_if_it_is_still_one(
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut cluster = Cluster::with_topic(1, &[], &[]);
        let batch = testing::idempotent_batch(&["a", "b"], 7, 0, 0);
        let mut bytes = batch.bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let mut body = produce(Acks::All, &[&[]]);
        body.topic_data[0].partition_data[0].records = Some(bytes.into());
        let (error, _) = answer(&cluster.ask(1, &body));
        prop_assert_eq!(cluster.offsets(1).0, if error.is_none() { 2 } else { 0 });
    }
}
