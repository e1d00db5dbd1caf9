//! The compare-and-set of AlterPartition.

use super::*;

/// A leader's wish.
struct Wish<'a> {
    broker: i32,
    leader_epoch: i32,
    partition_epoch: i32,
    /// Members with the broker epoch the leader saw.
    isr: &'a [(i32, i64)],
}

impl Rig {
    fn alter(&mut self, topic: TopicId, wish: &Wish<'_>) -> AlterPartitionResponse {
        let member = |(broker, epoch): &(i32, i64)| {
            BrokerState::default().with_broker_id((*broker).into()).with_broker_epoch(*epoch)
        };
        let partition = PartitionData::default()
            .with_leader_epoch(wish.leader_epoch)
            .with_partition_epoch(wish.partition_epoch)
            .with_new_isr_with_epochs(wish.isr.iter().map(member).collect());
        let topic = TopicData::default().with_topic_id(topic.to_uuid()).with_partitions(vec![partition]);
        let body = AlterPartitionRequest::default()
            .with_broker_id(wish.broker.into())
            .with_broker_epoch(self.epoch(wish.broker))
            .with_topics(vec![topic]);
        self.ask(&body)
    }

    fn altered(&mut self, topic: TopicId, wish: &Wish<'_>) -> ErrorCode {
        let response = self.alter(topic, wish);
        assert_eq!(response.error_code, 0);
        ErrorCode(response.topics[0].partitions[0].error_code)
    }

    /// Broker 1, leader in leader epoch 0, wants this ISR.
    pub(super) fn asks_for_isr(&mut self, topic: TopicId, partition_epoch: i32, isr: &[i32]) -> ErrorCode {
        let isr: Vec<(i32, i64)> = isr.iter().map(|member| (*member, self.epoch(*member))).collect();
        self.altered(topic, &Wish { broker: 1, leader_epoch: 0, partition_epoch, isr: &isr })
    }
}

/// Led by broker 2 in leader epoch 1 and partition epoch 1, with broker 3; broker 1 is fenced.
fn second_leader() -> (Rig, TopicId) {
    let (mut rig, topic) = Rig::with_topic(3, &[]);
    rig.only_alive(&[2, 3]);
    assert_eq!(rig.partition(topic), (2, vec![2, 3], 1, 1));
    (rig, topic)
}

#[test]
fn a_leader_shrinks_and_expands_and_each_change_raises_the_partition_epoch() {
    let (mut rig, topic) = Rig::with_topic(3, &[]);
    let shrunk = Wish { broker: 1, leader_epoch: 0, partition_epoch: 0, isr: &[(1, -1), (3, -1)] };
    let response = rig.alter(topic, &shrunk);
    let answer = &response.topics[0].partitions[0];
    assert_eq!((answer.leader_id.0, answer.leader_epoch, answer.partition_epoch), (1, 0, 1));
    assert_eq!(rig.partition(topic), (1, vec![1, 3], 0, 1));
    let epochs = [rig.epoch(1), rig.epoch(2), rig.epoch(3)];
    let isr = [(3, epochs[2]), (1, epochs[0]), (2, epochs[1])];
    let expanded = Wish { broker: 1, leader_epoch: 0, partition_epoch: 1, isr: &isr };
    assert_eq!(rig.altered(topic, &expanded), ErrorCode::NONE);
    assert_eq!(rig.partition(topic), (1, vec![1, 2, 3], 0, 2), "in the order of the replicas");
}

#[test]
fn the_same_isr_again_changes_nothing() {
    let (mut rig, topic) = Rig::with_topic(2, &[]);
    let end = rig.controller.image().end_offset();
    let same = Wish { broker: 1, leader_epoch: 0, partition_epoch: 0, isr: &[(1, -1), (2, -1)] };
    assert_eq!(rig.altered(topic, &same), ErrorCode::NONE);
    assert_eq!((rig.partition(topic).3, rig.controller.image().end_offset()), (0, end));
}

#[test]
fn each_error_comes_before_the_next() {
    let (mut rig, topic) = second_leader();
    let fenced = rig.epoch(1);
    let outside: &[(i32, i64)] = &[(2, -1), (9, -1)];
    for (broker, leader_epoch, partition_epoch, isr, expected) in [
        (3, 2, 0, outside, ErrorCode::NOT_CONTROLLER),
        (3, 0, 2, outside, ErrorCode::NOT_CONTROLLER),
        (3, 0, 0, outside, ErrorCode::FENCED_LEADER_EPOCH),
        (3, 1, 0, outside, ErrorCode::INVALID_REQUEST), // not the leader
        (2, 1, 0, outside, ErrorCode::INVALID_UPDATE_VERSION),
        (2, 1, 1, outside, ErrorCode::INVALID_REQUEST), // no replica
        (2, 1, 1, &[], ErrorCode::INVALID_REQUEST),
        (2, 1, 1, &[(3, -1)], ErrorCode::INVALID_REQUEST), // without the leader
        (2, 1, 1, &[(1, fenced), (2, -1)], ErrorCode::INELIGIBLE_REPLICA), // fenced
        (2, 1, 1, &[(2, -1), (3, 999)], ErrorCode::INELIGIBLE_REPLICA), // another registration
        (2, 1, 1, &[(2, -1)], ErrorCode::NONE),
        (2, 1, 1, &[(2, -1)], ErrorCode::INVALID_UPDATE_VERSION), // asked twice
    ] {
        let wish = Wish { broker, leader_epoch, partition_epoch, isr };
        assert_eq!(rig.altered(topic, &wish), expected, "{broker} {leader_epoch} {partition_epoch} {isr:?}");
    }
    assert_eq!(rig.partition(topic), (2, vec![2], 1, 2));
}

#[test]
fn who_is_shutting_down_does_not_join() {
    let (mut rig, topic) = Rig::with_topic(3, &[]);
    let without = Wish { broker: 1, leader_epoch: 0, partition_epoch: 0, isr: &[(1, -1), (2, -1)] };
    assert_eq!(rig.altered(topic, &without), ErrorCode::NONE);
    rig.wants_to_stop(3);
    let with = [(1, -1), (2, -1), (3, rig.epoch(3))];
    let wish = Wish { broker: 1, leader_epoch: 0, partition_epoch: 1, isr: &with };
    assert_eq!(rig.altered(topic, &wish), ErrorCode::INELIGIBLE_REPLICA, "KIP-841");
}

#[test]
fn unknown_topics_and_stale_brokers_are_refused() {
    let (mut rig, topic) = Rig::with_topic(2, &[]);
    let wish = Wish { broker: 1, leader_epoch: 0, partition_epoch: 0, isr: &[(1, -1)] };
    assert_eq!(rig.altered(TopicId(4_711), &wish), ErrorCode::UNKNOWN_TOPIC_ID);
    let stranger = Wish { broker: 8, ..wish };
    let response = rig.alter(topic, &stranger);
    assert_eq!(ErrorCode(response.error_code), ErrorCode::STALE_BROKER_EPOCH);
}
