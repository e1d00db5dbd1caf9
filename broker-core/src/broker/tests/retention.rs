//! Old segments go, on every broker, and nobody is lost over it.

use kafka_protocol::messages::ListOffsetsRequest;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};

use super::*;
use crate::io::{FlushStep, Storage};

/// Two batches of one record in a segment, four segments kept.
const KEEP_LITTLE: [(&str, &str); 3] =
    [("min.insync.replicas", "2"), ("segment.bytes", "150"), ("retention.bytes", "500")];

const CHECK_OFTEN: [(&str, RawValue<'_>); 2] = [
    ("log.initial.task.delay.ms", RawValue::Int(50)),
    ("log.retention.check.interval.ms", RawValue::Int(50)),
];

impl Cluster {
    fn start_of(&self, broker: i32) -> i64 {
        self.replica(broker).log().start_offset().0
    }

    fn produce_many(&mut self, broker: i32, records: usize) {
        for _ in 0..records {
            assert_eq!(self.produce(broker, Acks::All, &[testing::batch(&["v"])]).0, ErrorCode::NONE);
        }
    }

    fn segments(&self, broker: i32) -> Vec<String> {
        let names = self.storages[&broker].list("orders-0").unwrap();
        names.into_iter().filter(|name| name.ends_with(".log")).collect()
    }
}

#[test]
fn old_segments_go_on_every_broker_after_the_log_start_is_durable() {
    let mut cluster = Cluster::with_topic(3, &CHECK_OFTEN, &KEEP_LITTLE);
    cluster.produce_many(1, 20);
    cluster.run(Duration::from_millis(200));
    for broker in 1..=3 {
        assert_eq!(cluster.start_of(broker), 12);
        assert_eq!(cluster.segments(broker)[0], "00000000000000000012.log");
        let mut reopened = cluster.storages[&broker].borrow().clone();
        reopened.lose_unflushed();
        let checkpoint = reopened.read_file("log-start-offset-checkpoint").unwrap().unwrap();
        assert!(checkpoint.starts_with(b"0\n1\norders 0 12\ncrc32c "), "{checkpoint:?}");
    }
    let partition = ListOffsetsPartition::default().with_current_leader_epoch(-1).with_timestamp(-2);
    let name = TopicName(StrBytes::from_static_str("orders"));
    let topic = ListOffsetsTopic::default().with_name(name).with_partitions(vec![partition]);
    let body = ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![topic]);
    assert_eq!(
        cluster.ask(1, &body).topics[0].partitions[0].offset,
        12,
        "where the log begins for everybody"
    );
}

#[test]
fn a_log_start_outlives_power_losses_and_failovers() {
    let mut cluster = Cluster::with_topic(3, &CHECK_OFTEN, &KEEP_LITTLE);
    cluster.produce_many(1, 20);
    cluster.run(Duration::from_millis(200));
    cluster.kill(1);
    cluster.storages[&1].borrow_mut().lose_unflushed();
    cluster.run_until("broker 2 leads", |cluster| cluster.replica(2).is_leader());
    cluster.boot(1);
    cluster.run_until("broker 1 is back in sync", |cluster| cluster.partition().1.contains(&1));
    assert_eq!(cluster.start_of(1), 12);
    assert_eq!(cluster.segments(1)[0], "00000000000000000012.log", "what came back went again");
    cluster.produce_many(2, 4);
    cluster.run(Duration::from_millis(200));
    assert!((1..=3).all(|broker| cluster.start_of(broker) == 16));
}

#[test]
fn a_follower_that_was_away_while_the_log_start_passed_its_end_begins_anew() {
    let mut cluster = Cluster::with_topic(3, &CHECK_OFTEN, &KEEP_LITTLE);
    cluster.produce_many(1, 2);
    cluster.kill(3);
    cluster.produce_many(1, 18);
    cluster.run(Duration::from_millis(200));
    cluster.boot(3);
    cluster.run_until("broker 3 is back in sync", |cluster| cluster.partition().1 == [1, 2, 3]);
    cluster.run_until("with everything there is", |cluster| cluster.offsets(3) == (20, 20));
    assert_eq!(cluster.start_of(3), 12);
    let anew = |(id, event): &(i32, crate::event::Event)| *id == 3 && event.name() == "log_truncated_fully";
    assert_eq!(cluster.events.iter().filter(|event| anew(event)).count(), 1);
    let log = |id| cluster.broker(id).read_log(&orders(), crate::types::Offset(12)).unwrap().unwrap();
    assert_eq!(log(3), log(1));
}

#[test]
fn without_retention_nothing_is_written_about_log_starts() {
    let mut cluster = Cluster::with_topic(1, &CHECK_OFTEN, &[("segment.bytes", "150")]);
    cluster.produce_many(1, 20);
    cluster.run(Duration::from_secs(10));
    assert_eq!((cluster.start_of(1), cluster.segments(1).len()), (0, 10));
    let is_start = |step: &FlushStep| matches!(step, FlushStep::Replace { path, .. } if path == "log-start-offset-checkpoint");
    assert!(!cluster.flushed.iter().any(|(_, step)| is_start(step)));
}

#[test]
fn a_silent_producer_is_forgotten_everywhere() {
    let expiry = [
        ("producer.id.expiration.ms", RawValue::Int(300)),
        ("producer.id.expiration.check.interval.ms", RawValue::Int(100)),
    ];
    let mut cluster = Cluster::with_topic(3, &expiry, &[]);
    let now = cluster.now.as_millis();
    let batch = |sequence| {
        let mut builder = crate::batch::BatchBuilder::new(now);
        builder.push(now, b"", b"v");
        let (id, epoch) = (crate::types::ProducerId(7), crate::types::ProducerEpoch(0));
        builder.build(id, epoch, crate::types::Sequence(sequence))
    };
    assert_eq!(cluster.produce(1, Acks::All, &[batch(0)]), (ErrorCode::NONE, 0));
    assert_eq!(cluster.produce(1, Acks::All, &[batch(0)]), (ErrorCode::NONE, 0), "recognised");
    cluster.run(Duration::from_millis(500));
    let expired = cluster.events.iter().filter(|(_, event)| event.name() == "producer_id_expired").count();
    assert_eq!(expired, 3);
    assert_eq!(cluster.produce(1, Acks::All, &[batch(5)]), (ErrorCode::NONE, 1), "any sequence is accepted");
}
