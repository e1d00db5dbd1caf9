//! Stories about a consumer and the leaders it reads from, with the leaders' part played by hand.

use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::fetch_response::{EpochEndOffset, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset as EpochEnd, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{FetchResponse, ListOffsetsResponse, OffsetForLeaderEpochResponse};

use super::{Consumer, ReadUntil};
use crate::batch::BatchBuilder;
use crate::client::fake::{Rig, Sent, TOPIC, TOPIC_ID, endpoint, metadata};
use crate::client::requests::topic_name;
use crate::config::{ConsumerConfig, Properties, Scope, TimeScale};
use crate::error::{ErrorCode, RequestError};
use crate::event::Event;
use crate::io::{Effect, Node};
use crate::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, TopicPartition};
use crate::wire::Request;

const EARLIEST: i64 = -2;
const LATEST: i64 = -1;

fn start(until: ReadUntil, leaders: &[(i32, i32)]) -> Rig<Consumer> {
    let config = ConsumerConfig::new(&Properties::new(Scope::Consumer), TimeScale::Kafka);
    let bootstrap = (1..=3).map(endpoint).collect();
    let topics = vec![Arc::from(TOPIC)];
    let mut rig = Rig::new(Consumer::new(config, "consumer".to_owned(), bootstrap, topics, until));
    rig.tick();
    serve_metadata(&mut rig, leaders);
    rig
}

fn serve_metadata(rig: &mut Rig<Consumer>, leaders: &[(i32, i32)]) {
    while let Some(index) = rig.requests.iter().position(|sent| matches!(sent.body, Request::Metadata(_))) {
        let sent = rig.requests.remove(index).unwrap();
        rig.answer(&sent, &metadata(leaders));
    }
}

/// The next request, which must ask for these offsets of one topic partition.
fn take_list_offsets(rig: &mut Rig<Consumer>, timestamp: i64) -> Sent {
    let sent = rig.take_request();
    let Request::ListOffsets(body) = &sent.body else { panic!("{:?}", sent.body) };
    assert_eq!(body.replica_id.0, -1);
    assert_eq!(body.topics[0].partitions[0].timestamp, timestamp);
    sent
}

fn answer_offset(rig: &mut Rig<Consumer>, to: &Sent, code: ErrorCode, offset: i64) {
    let Request::ListOffsets(body) = &to.body else { panic!("{:?}", to.body) };
    let partition = |asked: &kafka_protocol::messages::list_offsets_request::ListOffsetsPartition| {
        ListOffsetsPartitionResponse::default()
            .with_partition_index(asked.partition_index)
            .with_error_code(code.0)
            .with_offset(offset)
    };
    let topic = ListOffsetsTopicResponse::default()
        .with_name(topic_name(TOPIC))
        .with_partitions(body.topics[0].partitions.iter().map(partition).collect());
    rig.answer(to, &ListOffsetsResponse::default().with_topics(vec![topic]));
}

/// The next request, which must be a fetch of one topic partition: its leader epoch, offset and last epoch.
fn take_fetch(rig: &mut Rig<Consumer>) -> (Sent, (i32, i64, i32)) {
    let sent = rig.take_request();
    let Request::Fetch(body) = &sent.body else { panic!("{:?}", sent.body) };
    assert_eq!((body.replica_state.replica_id.0, body.session_id, body.session_epoch), (-1, 0, -1));
    assert_eq!(body.topics[0].topic_id, TOPIC_ID.to_uuid());
    let asked = &body.topics[0].partitions[0];
    let what = (asked.current_leader_epoch, asked.fetch_offset, asked.last_fetched_epoch);
    (sent, what)
}

fn answer_fetch(rig: &mut Rig<Consumer>, to: &Sent, data: PartitionData) {
    let Request::Fetch(body) = &to.body else { panic!("{:?}", to.body) };
    let index = body.topics[0].partitions[0].partition;
    let topic = FetchableTopicResponse::default()
        .with_topic_id(TOPIC_ID.to_uuid())
        .with_partitions(vec![data.with_partition_index(index)]);
    rig.answer(to, &FetchResponse::default().with_responses(vec![topic]));
}

/// A batch of `count` records at `base`, appended under `epoch`.
fn records(base: i64, count: i64, epoch: i32) -> PartitionData {
    let mut builder = BatchBuilder::new(0);
    for index in 0..count {
        builder.push(0, b"key", format!("{}@{epoch}", base + index).as_bytes());
    }
    let batch = builder.build(ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE);
    let batch = batch.placed_at(Offset(base), LeaderEpoch(epoch));
    PartitionData::default().with_records(Some(batch.bytes().clone()))
}

fn polled(rig: &Rig<Consumer>) -> Vec<i64> {
    let of_effect = |effect: &Effect| match effect {
        Effect::Polled { records, .. } => records.iter().map(|record| record.offset.0).collect(),
        _ => Vec::new(),
    };
    rig.others.iter().flat_map(of_effect).collect()
}

fn truncations(rig: &Rig<Consumer>) -> Vec<(i64, i64)> {
    let of_event = |event: &Event| match event {
        Event::ConsumerTruncated { from, to, .. } => Some((from.0, to.0)),
        _ => None,
    };
    rig.events.iter().filter_map(of_event).collect()
}

fn caught_up(rig: &Rig<Consumer>) -> Vec<(i32, i64)> {
    let of_effect = |effect: &Effect| match effect {
        Effect::CaughtUp { topic_partition, end } => Some((topic_partition.partition, end.0)),
        _ => None,
    };
    rig.others.iter().filter_map(of_effect).collect()
}

/// A consumer that has read offsets 0 to 4 of leader 1 under leader epoch 0 and has a fetch in flight.
fn at_five() -> (Rig<Consumer>, Sent) {
    let mut rig = start(ReadUntil::Forever, &[(1, 0)]);
    let earliest = take_list_offsets(&mut rig, EARLIEST);
    answer_offset(&mut rig, &earliest, ErrorCode::NONE, 0);
    let (fetch, what) = take_fetch(&mut rig);
    assert_eq!(what, (0, 0, -1));
    answer_fetch(&mut rig, &fetch, records(0, 5, 0));
    let (fetch, what) = take_fetch(&mut rig);
    assert_eq!(what, (0, 5, 0));
    (rig, fetch)
}

/// As [`at_five`], after a new leader 2 was elected under leader epoch 3: the question how far both logs agree.
fn at_five_with_new_leader() -> (Rig<Consumer>, Sent) {
    let (mut rig, fetch) = at_five();
    // Late enough for metadata to be asked for at once.
    rig.run_until(rig.now + Duration::from_secs(1));
    let refused = PartitionData::default().with_error_code(ErrorCode::NOT_LEADER_OR_FOLLOWER.0);
    answer_fetch(&mut rig, &fetch, refused);
    serve_metadata(&mut rig, &[(2, 3)]);
    rig.run_until(rig.now + Duration::from_secs(1));
    let question = rig.take_request();
    assert_eq!(question.to, endpoint(2));
    let Request::OffsetForLeaderEpoch(body) = &question.body else { panic!("{:?}", question.body) };
    let asked = &body.topics[0].partitions[0];
    assert_eq!((asked.current_leader_epoch, asked.leader_epoch), (3, 0));
    assert!(rig.requests.is_empty(), "no fetch before the position is validated");
    (rig, question)
}

fn answer_epoch_end(rig: &mut Rig<Consumer>, to: &Sent, epoch: i32, end: i64) {
    let partition = EpochEnd::default().with_leader_epoch(epoch).with_end_offset(end);
    let topic =
        OffsetForLeaderTopicResult::default().with_topic(topic_name(TOPIC)).with_partitions(vec![partition]);
    rig.answer(to, &OffsetForLeaderEpochResponse::default().with_topics(vec![topic]));
}

#[test]
fn it_reads_from_the_start_and_drops_what_lies_below_its_position() {
    let (mut rig, fetch) = at_five();
    // The batch that holds offset 5 begins at 3.
    answer_fetch(&mut rig, &fetch, records(3, 4, 0));
    assert_eq!(polled(&rig), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(rig.node.position(&TopicPartition::new(TOPIC, 0)), Some(Offset(7)));
    assert!(!rig.node.done());
}

#[test]
fn a_new_leader_that_has_everything_is_read_on_from_the_same_position() {
    let (mut rig, question) = at_five_with_new_leader();
    answer_epoch_end(&mut rig, &question, 0, 5);
    let (fetch, what) = take_fetch(&mut rig);
    assert_eq!((fetch.to.clone(), what), (endpoint(2), (3, 5, 0)));
    answer_fetch(&mut rig, &fetch, records(5, 1, 3));
    assert_eq!(take_fetch(&mut rig).1, (3, 6, 3));
    assert_eq!(truncations(&rig), []);
}

#[test]
fn a_new_leader_whose_log_is_shorter_takes_the_consumer_back() {
    let (mut rig, question) = at_five_with_new_leader();
    answer_epoch_end(&mut rig, &question, 0, 3);
    assert_eq!(truncations(&rig), [(5, 3)]);
    let (fetch, what) = take_fetch(&mut rig);
    assert_eq!(what, (3, 3, 0));
    answer_fetch(&mut rig, &fetch, records(3, 1, 3));
    assert_eq!(polled(&rig), [0, 1, 2, 3, 4, 3]);
}

#[test]
fn a_new_leader_that_knows_no_such_epoch_is_read_from_the_start() {
    for (epoch, end) in [(-1, -1), (-1, 3)] {
        let (mut rig, question) = at_five_with_new_leader();
        answer_epoch_end(&mut rig, &question, epoch, end);
        let earliest = take_list_offsets(&mut rig, EARLIEST);
        answer_offset(&mut rig, &earliest, ErrorCode::NONE, 1);
        assert_eq!(truncations(&rig), [(5, 1)]);
        assert_eq!(take_fetch(&mut rig).1, (3, 1, -1));
    }
}

#[test]
fn a_new_leader_with_an_older_epoch_at_the_position_is_read_from_the_start() {
    let (mut rig, question) = at_five_with_new_leader();
    answer_epoch_end(&mut rig, &question, 0, 5);
    let (fetch, _) = take_fetch(&mut rig);
    answer_fetch(&mut rig, &fetch, records(5, 1, 3));
    let (fetch, what) = take_fetch(&mut rig);
    assert_eq!(what, (3, 6, 3));
    // What was consumed under epoch 3 was truncated, and a leader of epoch 4 has something else there.
    let diverging = EpochEndOffset::default().with_epoch(0).with_end_offset(9);
    answer_fetch(&mut rig, &fetch, PartitionData::default().with_diverging_epoch(diverging));
    let earliest = take_list_offsets(&mut rig, EARLIEST);
    answer_offset(&mut rig, &earliest, ErrorCode::NONE, 0);
    assert_eq!(truncations(&rig), [(6, 0)]);
    assert_eq!(take_fetch(&mut rig).1, (3, 0, -1));
}

#[test]
fn an_answer_by_a_leader_that_was_replaced_meanwhile_validates_nothing() {
    let (mut rig, question) = at_five_with_new_leader();
    rig.run_until(rig.now + Duration::from_secs(299));
    // The metadata is old by now, and says that broker 3 leads.
    rig.run_until(rig.now + Duration::from_secs(2));
    serve_metadata(&mut rig, &[(3, 4)]);
    assert!(rig.requests.is_empty(), "one question at a time");
    answer_epoch_end(&mut rig, &question, 0, 5);
    let again = rig.take_request();
    assert_eq!(again.to, endpoint(3));
    let Request::OffsetForLeaderEpoch(body) = &again.body else { panic!("{:?}", again.body) };
    assert_eq!(body.topics[0].partitions[0].current_leader_epoch, 4);
    answer_epoch_end(&mut rig, &again, 0, 4);
    assert_eq!(truncations(&rig), [(5, 4)]);
    assert_eq!(take_fetch(&mut rig).1, (4, 4, 0));
}

#[test]
fn a_leader_that_does_not_lead_yet_is_asked_again_before_anything_is_fetched() {
    for code in
        [ErrorCode::UNKNOWN_LEADER_EPOCH, ErrorCode::FENCED_LEADER_EPOCH, ErrorCode::NOT_LEADER_OR_FOLLOWER]
    {
        let (mut rig, question) = at_five_with_new_leader();
        let partition = EpochEnd::default().with_error_code(code.0);
        let topic = OffsetForLeaderTopicResult::default().with_topic(topic_name(TOPIC));
        let topic = topic.with_partitions(vec![partition]);
        rig.answer(&question, &OffsetForLeaderEpochResponse::default().with_topics(vec![topic]));
        assert!(rig.requests.iter().all(|sent| matches!(sent.body, Request::Metadata(_))), "{code}");
        rig.run_until(rig.now + Duration::from_secs(1));
        serve_metadata(&mut rig, &[(2, 3)]);
        let again = rig.take_request();
        assert!(matches!(again.body, Request::OffsetForLeaderEpoch(_)), "{code}");
        answer_epoch_end(&mut rig, &again, 0, 5);
        assert_eq!(take_fetch(&mut rig).1, (3, 5, 0));
    }
}

#[test]
fn a_diverging_epoch_in_a_fetch_response_takes_the_consumer_back_too() {
    let (mut rig, fetch) = at_five();
    let diverging = EpochEndOffset::default().with_epoch(0).with_end_offset(2);
    answer_fetch(&mut rig, &fetch, PartitionData::default().with_diverging_epoch(diverging));
    assert_eq!(truncations(&rig), [(5, 2)]);
    assert_eq!(take_fetch(&mut rig).1, (0, 2, 0));
}

#[test]
fn an_offset_out_of_range_leads_to_the_start_if_below_it_and_to_the_end_otherwise() {
    for (earliest_offset, latest_offset, expected, truncated) in
        [(8, None, 8, vec![]), (0, Some(2), 2, vec![(5, 2)]), (0, Some(9), 5, vec![])]
    {
        let (mut rig, fetch) = at_five();
        let error = PartitionData::default().with_error_code(ErrorCode::OFFSET_OUT_OF_RANGE.0);
        answer_fetch(&mut rig, &fetch, error);
        assert!(rig.requests.is_empty(), "no retry at the instant of the failure");
        rig.wake();
        let earliest = take_list_offsets(&mut rig, EARLIEST);
        answer_offset(&mut rig, &earliest, ErrorCode::NONE, earliest_offset);
        if let Some(offset) = latest_offset {
            let latest = take_list_offsets(&mut rig, LATEST);
            answer_offset(&mut rig, &latest, ErrorCode::NONE, offset);
        }
        assert_eq!(take_fetch(&mut rig).1, (0, expected, -1));
        assert_eq!(truncations(&rig), truncated);
    }
}

#[test]
fn until_the_end_means_the_end_it_was_told_once() {
    let mut rig = start(ReadUntil::End, &[(1, 0)]);
    let earliest = take_list_offsets(&mut rig, EARLIEST);
    answer_offset(&mut rig, &earliest, ErrorCode::NONE, 0);
    let latest = take_list_offsets(&mut rig, LATEST);
    answer_offset(&mut rig, &latest, ErrorCode::OFFSET_NOT_AVAILABLE, -1);
    assert!(rig.requests.is_empty(), "no retry at the instant of the failure");
    rig.wake();
    let latest = take_list_offsets(&mut rig, LATEST);
    answer_offset(&mut rig, &latest, ErrorCode::NONE, 4);
    let (fetch, _) = take_fetch(&mut rig);
    answer_fetch(&mut rig, &fetch, records(0, 3, 0));
    assert!(!rig.node.done());
    let (fetch, _) = take_fetch(&mut rig);
    // More has come in the meantime; what was promised is the end at the time of asking.
    answer_fetch(&mut rig, &fetch, records(3, 3, 0));
    assert_eq!(caught_up(&rig), [(0, 4)]);
    assert!(rig.node.done());
    assert!(rig.requests.is_empty());
    assert_eq!(rig.node.next_deadline(), None);
}

#[test]
fn a_truncation_on_the_way_to_the_end_asks_for_the_end_again() {
    let mut rig = start(ReadUntil::End, &[(1, 0)]);
    let earliest = take_list_offsets(&mut rig, EARLIEST);
    answer_offset(&mut rig, &earliest, ErrorCode::NONE, 0);
    let latest = take_list_offsets(&mut rig, LATEST);
    answer_offset(&mut rig, &latest, ErrorCode::NONE, 9);
    let (fetch, _) = take_fetch(&mut rig);
    answer_fetch(&mut rig, &fetch, records(0, 5, 0));
    let (fetch, _) = take_fetch(&mut rig);
    let diverging = EpochEndOffset::default().with_epoch(0).with_end_offset(3);
    answer_fetch(&mut rig, &fetch, PartitionData::default().with_diverging_epoch(diverging));
    let latest = take_list_offsets(&mut rig, LATEST);
    answer_offset(&mut rig, &latest, ErrorCode::NONE, 3);
    assert_eq!(truncations(&rig), [(5, 3)]);
    assert_eq!(caught_up(&rig), [(0, 3)]);
    assert!(rig.node.done());
}

#[test]
fn a_topic_partition_without_a_leader_holds_up_no_other_and_is_done_later() {
    let mut rig = start(ReadUntil::End, &[(-1, 0), (2, 0)]);
    let earliest = take_list_offsets(&mut rig, EARLIEST);
    answer_offset(&mut rig, &earliest, ErrorCode::NONE, 0);
    let latest = take_list_offsets(&mut rig, LATEST);
    answer_offset(&mut rig, &latest, ErrorCode::NONE, 0);
    assert_eq!(caught_up(&rig), [(1, 0)]);
    assert!(!rig.node.done());

    rig.run_until(rig.now + Duration::from_secs(1));
    serve_metadata(&mut rig, &[(3, 1), (2, 0)]);
    for timestamp in [EARLIEST, LATEST] {
        let asked = take_list_offsets(&mut rig, timestamp);
        answer_offset(&mut rig, &asked, ErrorCode::NONE, 0);
    }
    assert_eq!(caught_up(&rig), [(1, 0), (0, 0)]);
    assert!(rig.node.done());
}

#[test]
fn metadata_of_an_older_leader_epoch_is_ignored() {
    let (mut rig, question) = at_five_with_new_leader();
    rig.run_until(rig.now + Duration::from_secs(1));
    rig.fail(&question, RequestError::TimedOut);
    assert_eq!(rig.requests.len(), 1, "metadata is asked for, the question waits");
    // A node that is behind answers with the old leader.
    serve_metadata(&mut rig, &[(1, 0)]);
    rig.run_until(rig.now + Duration::from_secs(2));
    assert_eq!(rig.take_request().to, endpoint(2));
}

#[test]
fn ten_seconds_of_dead_leaders_cost_few_wakeups_and_each_moves_the_deadline() {
    let (mut rig, fetch) = at_five();
    rig.fail(&fetch, RequestError::Disconnected);
    let end = rig.now + Duration::from_secs(10);
    let (mut steps, mut failed) = (0, 0);
    loop {
        while let Some(request) = rig.requests.pop_front() {
            rig.fail(&request, RequestError::Disconnected);
            failed += 1;
        }
        let due = rig.node.next_deadline().expect("it never gives up");
        assert!(rig.now < due, "a deadline in the past at {}", rig.now);
        if end < due {
            break;
        }
        rig.wake();
        steps += 1;
        assert!(steps < 200, "busy");
    }
    assert!(10 < failed && failed < 100, "{failed} requests");
}
