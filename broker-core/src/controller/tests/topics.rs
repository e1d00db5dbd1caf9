//! Which topics can be, and that the others leave no trace.

use super::*;

fn asked(name: &str, partitions: i32) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(TopicName(text(name)))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
}

impl Rig {
    /// Asks for all of these at once.
    fn create(&mut self, request: &CreateTopicsRequest) -> Vec<(String, ErrorCode)> {
        let response = self.ask(request);
        let answers = response.topics.iter();
        answers.map(|topic| (topic.name.0.to_string(), ErrorCode(topic.error_code))).collect()
    }
}

fn answer(name: &str, error: ErrorCode) -> (String, ErrorCode) {
    (name.to_owned(), error)
}

#[test]
fn a_request_for_too_many_partitions_is_refused_as_a_whole() {
    let mut rig = Rig::with_brokers(1);
    let end = rig.controller.image().end_offset();
    let topics = vec![asked("a", 9_999), asked("b", 1), asked("c", -1)];
    let refused = rig.create(&CreateTopicsRequest::default().with_topics(topics));
    let violation = |name| answer(name, ErrorCode::POLICY_VIOLATION);
    assert_eq!(refused, [violation("a"), violation("b"), violation("c")]);
    let huge: Vec<CreatableTopic> = (0..9).map(|index| asked(&format!("t{index}"), i32::MAX)).collect();
    let refused = rig.create(&CreateTopicsRequest::default().with_topics(huge));
    assert!(refused.iter().all(|(_, error)| *error == ErrorCode::POLICY_VIOLATION), "no sum overflows");
    assert_eq!(rig.controller.image().end_offset(), end);
    assert_eq!(rig.create_topic("most", 10_000, 1, &[]), ErrorCode::NONE);
}

#[test]
fn a_topic_asked_for_twice_is_created_not_even_once() {
    let mut rig = Rig::with_brokers(1);
    let topics = vec![asked("twice", 1), asked("once", 1), asked("twice", 2), asked("twice", 1)];
    let answers = rig.create(&CreateTopicsRequest::default().with_topics(topics));
    assert_eq!(answers, [answer("twice", ErrorCode::INVALID_REQUEST), answer("once", ErrorCode::NONE)]);
    assert_eq!(rig.controller.image().topic_id("twice"), None);
}

#[test]
fn topics_of_one_request_have_ids_of_their_own() {
    let mut rig = Rig::with_brokers(1);
    let topics = vec![asked("a", 3), asked("b", 1), asked("c", 2)];
    rig.create(&CreateTopicsRequest::default().with_topics(topics));
    let partitions = rig.controller.image().topics().values().map(|topic| topic.partitions.len());
    assert_eq!(partitions.collect::<Vec<_>>(), [3, 1, 2]);
}

#[test]
fn minus_one_stands_for_the_default() {
    let mut rig = Rig::with_brokers(2);
    assert_eq!(rig.create_topic("orders", -1, -1, &[]), ErrorCode::NONE);
    let states: Vec<PartitionState> =
        rig.controller.image().partitions().map(|(.., state)| state.clone()).collect();
    assert_eq!((states.len(), states[0].replicas.len()), (1, 1));
}

#[test]
fn validation_alone_creates_nothing() {
    let mut rig = Rig::with_brokers(1);
    let end = rig.controller.image().end_offset();
    let request = CreateTopicsRequest::default().with_topics(vec![asked("a", 2)]).with_validate_only(true);
    assert_eq!(rig.create(&request), [answer("a", ErrorCode::NONE)]);
    assert_eq!(rig.controller.image().end_offset(), end);
}

#[test]
fn names_that_metrics_cannot_tell_apart_collide() {
    let mut rig = Rig::with_brokers(1);
    assert_eq!(rig.create_topic("a.b_c", 1, 1, &[]), ErrorCode::NONE);
    for (name, expected) in [
        ("a_b.c", ErrorCode::INVALID_TOPIC_EXCEPTION),
        ("a.b_c", ErrorCode::TOPIC_ALREADY_EXISTS),
        ("a.b_d", ErrorCode::NONE),
    ] {
        assert_eq!(rig.create_topic(name, 1, 1, &[]), expected, "{name}");
    }
}

#[test]
fn of_a_setting_given_twice_the_last_counts_and_null_is_none() {
    let mut rig = Rig::with_brokers(1);
    let twice = [("min.insync.replicas", "1"), ("min.insync.replicas", "3")];
    assert_eq!(rig.create_topic("orders", 1, 1, &twice), ErrorCode::NONE);
    let topic = rig.controller.image().topics().values().next().unwrap();
    assert_eq!(topic.configs, [("min.insync.replicas".to_owned(), "3".to_owned())]);
    let null = CreatableTopicConfig::default().with_name(text("min.insync.replicas")).with_value(None);
    let request = CreateTopicsRequest::default().with_topics(vec![asked("a", 1).with_configs(vec![null])]);
    assert_eq!(rig.create(&request), [answer("a", ErrorCode::INVALID_CONFIG)]);
}

#[test]
fn replicas_are_not_assigned_by_hand() {
    use kafka_protocol::messages::create_topics_request::CreatableReplicaAssignment;
    let mut rig = Rig::with_brokers(1);
    let by_hand = CreatableReplicaAssignment::default().with_broker_ids(vec![1.into()]);
    let topic = asked("a", -1).with_replication_factor(-1).with_assignments(vec![by_hand]);
    let answers = rig.create(&CreateTopicsRequest::default().with_topics(vec![topic]));
    assert_eq!(answers, [answer("a", ErrorCode::INVALID_REPLICA_ASSIGNMENT)]);
}

#[test]
fn a_topic_is_dealt_over_the_live_brokers() {
    let mut rig = Rig::with_brokers(3);
    rig.only_alive(&[1, 3]);
    assert_eq!(rig.create_topic("orders", 3, 2, &[]), ErrorCode::NONE);
    let states = rig.controller.image().partitions();
    let replicas: Vec<Vec<i32>> =
        states.map(|(.., state)| state.replicas.iter().map(|replica| replica.0).collect()).collect();
    assert_eq!(replicas, [[1, 3], [3, 1], [1, 3]]);
}

#[test]
fn a_topic_that_cannot_be_is_refused_and_leaves_no_record() {
    let mut rig = Rig::with_brokers(2);
    assert_eq!(rig.create_topic("orders", 1, 2, &[]), ErrorCode::NONE);
    let end = rig.controller.image().end_offset();
    for (name, partitions, factor, configs, expected) in [
        ("orders", 1, 1, &[][..], ErrorCode::TOPIC_ALREADY_EXISTS),
        ("a", 0, 1, &[], ErrorCode::INVALID_PARTITIONS),
        ("a", 1, 0, &[], ErrorCode::INVALID_REPLICATION_FACTOR),
        ("a", 1, 3, &[], ErrorCode::INVALID_REPLICATION_FACTOR),
        ("a", 1, 1, &[("colour", "red")], ErrorCode::INVALID_CONFIG),
        ("a", 1, 1, &[("min.insync.replicas", "many")], ErrorCode::INVALID_CONFIG),
        ("", 1, 1, &[], ErrorCode::INVALID_TOPIC_EXCEPTION),
        (".", 1, 1, &[], ErrorCode::INVALID_TOPIC_EXCEPTION),
        ("a/b", 1, 1, &[], ErrorCode::INVALID_TOPIC_EXCEPTION),
        ("__cluster_metadata", 1, 1, &[], ErrorCode::INVALID_REQUEST),
        ("a", -2, 1, &[], ErrorCode::INVALID_PARTITIONS),
        ("a", i32::MIN, 1, &[], ErrorCode::INVALID_PARTITIONS),
        ("a", 10_001, 1, &[], ErrorCode::POLICY_VIOLATION),
        ("a", i32::MAX, 1, &[], ErrorCode::POLICY_VIOLATION),
    ] {
        assert_eq!(rig.create_topic(name, partitions, factor, configs), expected, "{name:?}");
    }
    assert_eq!(rig.controller.image().end_offset(), end);
}
