//! What no broker should send, and Kafka's answer to it.

use proptest::prelude::*;

use super::*;

/// A leader's wish for the partition of `orders`, which is legal until it is changed.
fn wish(rig: &Rig, topic: TopicId) -> AlterPartitionRequest {
    let members =
        [1, 2].map(|id| BrokerState::default().with_broker_id(id.into()).with_broker_epoch(rig.epoch(id)));
    let partition = PartitionData::default().with_new_isr_with_epochs(members.to_vec());
    let topic = TopicData::default().with_topic_id(topic.to_uuid()).with_partitions(vec![partition]);
    AlterPartitionRequest::default()
        .with_broker_id(1.into())
        .with_broker_epoch(rig.epoch(1))
        .with_topics(vec![topic])
}

#[test]
fn an_isr_that_cannot_be_is_refused_and_changes_nothing() {
    type Change = fn(&mut PartitionData);
    let cases: [(&str, Change, ErrorCode); 10] = [
        ("no such partition", |asked| asked.partition_index = 1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("a negative partition", |asked| asked.partition_index = -1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("a later leader epoch", |asked| asked.leader_epoch = i32::MAX, ErrorCode::NOT_CONTROLLER),
        ("a negative leader epoch", |asked| asked.leader_epoch = -1, ErrorCode::FENCED_LEADER_EPOCH),
        ("a later partition epoch", |asked| asked.partition_epoch = 1, ErrorCode::NOT_CONTROLLER),
        ("a negative partition epoch", |asked| asked.partition_epoch = -1, ErrorCode::INVALID_UPDATE_VERSION),
        ("nobody", |asked| asked.new_isr_with_epochs.clear(), ErrorCode::INVALID_REQUEST),
        (
            "somebody twice",
            |asked| asked.new_isr_with_epochs.extend_from_within(..1),
            ErrorCode::INVALID_REQUEST,
        ),
        (
            "who is no replica",
            |asked| asked.new_isr_with_epochs[1].broker_id.0 = 9,
            ErrorCode::INVALID_REQUEST,
        ),
        ("a partition that recovers", |asked| asked.leader_recovery_state = 1, ErrorCode::INVALID_REQUEST),
    ];
    let (mut rig, topic) = Rig::with_topic(3, &[]);
    let before = rig.partition(topic);
    for (name, change, expected) in cases {
        let mut body = wish(&rig, topic);
        change(&mut body.topics[0].partitions[0]);
        let response = rig.ask(&body);
        assert_eq!(ErrorCode(response.topics[0].partitions[0].error_code), expected, "{name}");
        assert_eq!(rig.partition(topic), before, "{name}");
    }
    let mut body = wish(&rig, topic);
    body.topics[0].topic_id = TopicId(99).to_uuid();
    let response = rig.ask(&body);
    assert_eq!(ErrorCode(response.topics[0].partitions[0].error_code), ErrorCode::UNKNOWN_TOPIC_ID);
    let mut body = wish(&rig, topic);
    let same = body.topics[0].clone();
    body.topics.push(same);
    let response = rig.ask(&body);
    let errors: Vec<_> = response.topics.iter().map(|t| ErrorCode(t.partitions[0].error_code)).collect();
    assert_eq!(errors, [ErrorCode::NONE, ErrorCode::INVALID_UPDATE_VERSION], "the same wish twice");
}

#[test]
fn who_is_nobody_is_not_let_in() {
    let mut rig = Rig::with_brokers(1);
    assert_eq!(rig.register(-1, 7), Err(ErrorCode::INVALID_REQUEST));
    assert_eq!(rig.register(i32::MIN, 7), Err(ErrorCode::INVALID_REQUEST));
    for (broker, epoch, expected) in [
        (9, 0, ErrorCode::BROKER_ID_NOT_REGISTERED),
        (-1, -1, ErrorCode::BROKER_ID_NOT_REGISTERED),
        (1, -1, ErrorCode::STALE_BROKER_EPOCH),
        (1, i64::MAX, ErrorCode::STALE_BROKER_EPOCH),
    ] {
        let response = rig.ask(&heartbeat(broker, epoch, i64::MAX));
        assert_eq!(ErrorCode(response.error_code), expected, "broker {broker} with epoch {epoch}");
    }
}

#[test]
fn a_metadata_fetch_outside_the_log_is_an_error_and_of_another_topic_a_closed_connection() {
    let mut rig = Rig::with_brokers(1);
    for offset in [-1, i64::MIN, i64::MAX] {
        let response = rig.ask(&metadata_fetch(offset));
        let error = ErrorCode(response.responses[0].partitions[0].error_code);
        assert_eq!(error, ErrorCode::OFFSET_OUT_OF_RANGE, "{offset}");
    }
    for (topic, partition) in [(TopicId(99), 0), (TopicId::METADATA, 1), (TopicId::METADATA, -1)] {
        let mut body = metadata_fetch(0);
        body.topics[0].topic_id = topic.to_uuid();
        body.topics[0].partitions[0].partition = partition;
        let connection = rig.send(&body);
        assert!(rig.closed.contains(&connection), "{topic:?} {partition}");
    }
}

/// A number somebody may send.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -1i64..5, 1 => Just(i64::MAX), 1 => Just(i64::MIN), 1 => any::<i64>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_brokers_say_everybody_is_answered_and_the_image_stays_sound(
        said in prop::collection::vec((0u8..5, prop::array::uniform6(number())), 1..20),
    ) {
        let (mut rig, topic) = Rig::with_topic(3, &[]);
        for (kind, [a, b, c, d, e, f]) in said {
            let connection = match kind {
                0 => {
                    let mut body = wish(&rig, topic);
                    let partition = &mut body.topics[0].partitions[0];
                    partition.leader_epoch = a.min(2) as i32;
                    partition.partition_epoch = b as i32;
                    partition.new_isr_with_epochs[0].broker_id.0 = c as i32;
                    partition.new_isr_with_epochs[1].broker_id.0 = d as i32;
                    partition.new_isr_with_epochs[1].broker_epoch = e;
                    body.broker_id.0 = if f % 2 == 0 { 1 } else { f as i32 };
                    rig.send(&body)
                }
                1 => {
                    let body = heartbeat(a as i32, rig.epoch(a as i32), b);
                    rig.send(&body.with_want_shut_down(c == 1).with_want_fence(d == 1))
                }
                2 => rig.send(&registration(a as i32, b as u128).with_previous_broker_epoch(c)),
                3 => {
                    let body = AllocateProducerIdsRequest::default().with_broker_id((a as i32).into());
                    rig.send(&body.with_broker_epoch(if b % 2 == 0 { rig.epoch(a as i32) } else { b }))
                }
                _ => {
                    let mut body = metadata_fetch(a).with_max_wait_ms((b as i32).min(100));
                    body.topics[0].partitions[0].partition_max_bytes = c as i32;
                    rig.send(&body)
                }
            };
            rig.finish_flushes();
            rig.pass(Duration::from_millis(200));
            prop_assert!(rig.answers.contains_key(&connection) || rig.closed.contains(&connection));
            let state = rig.state(topic);
            prop_assert!(!state.isr.is_empty() && state.isr.len() <= 3);
            prop_assert!(state.leader == BrokerId::NONE || state.isr.contains(&state.leader));
        }
    }
}
