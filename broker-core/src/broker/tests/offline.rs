//! The disk says no: the broker halts without another word, and others go on.

use std::io::ErrorKind;

use super::*;
use crate::error::StorageError;

const SYNC: (&str, RawValue<'_>) = ("log.flush.interval.messages", RawValue::Int(1));

fn io_error() -> StorageError {
    StorageError { operation: "sync", path: "orders-0".to_owned(), kind: ErrorKind::Other, errno: Some(5) }
}

impl Cluster {
    /// Broker 1 halts because of its disk, and the one that leads then has what was acknowledged.
    fn hands_over(&mut self, records: i64) {
        self.run_until("it halts", |cluster| cluster.halted.contains_key(&1));
        assert!(matches!(self.halted[&1], HaltReason::Storage(_)), "{:?}", self.halted[&1]);
        assert_eq!(self.seen(1, "storage_failed"), 1);
        self.run_until("another leads", |cluster| {
            cluster.partition().0 == 2 && cluster.replica(2).is_leader()
        });
        assert!(records <= self.offsets(2).0);
    }
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_enough() {
    let mut cluster = Cluster::with_topic(3, &[], &[]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    cluster.fail_next_flush(1, io_error());
    cluster.hands_over(1);
    assert_eq!(cluster.halted[&1], HaltReason::Storage(io_error()));
}

#[test]
fn an_fsync_that_fails_is_not_tried_again_and_acknowledges_nothing() {
    let mut cluster = Cluster::with_topic(3, &[SYNC], &[("min.insync.replicas", "2")]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    cluster.run_until("nothing is under way", |cluster| {
        !cluster.broker(1).replicas()[&orders()].log().unflushed()
    });
    let flushes = cluster.seen(1, "flush_started");
    cluster.fail_next_flush(1, io_error());
    let pending = cluster.send(1, &produce(Acks::All, &[&[testing::batch(&["b"])]]));
    cluster.hands_over(1);
    assert_eq!(cluster.seen(1, "flush_started"), flushes + 1);
    assert!(!cluster.answers.contains_key(&pending), "not even an error: nobody knows");
    cluster.run(Duration::from_secs(5));
    cluster.boot(1);
    cluster.run_until("it is back in sync", |cluster| cluster.partition().1 == [1, 2, 3]);
}

#[test]
fn a_full_disk_ends_the_broker_and_not_the_record_before() {
    let mut cluster = Cluster::with_topic(3, &[], &[("min.insync.replicas", "2")]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    let size = cluster.storages[&1].read_file("orders-0/00000000000000000000.log").unwrap().unwrap().len();
    cluster.storages[&1].borrow_mut().limit_capacity(Some(size + 20));
    let refused = cluster.send(1, &produce(Acks::Leader, &[&[testing::batch(&["b"])]]));
    cluster.hands_over(1);
    assert!(!cluster.answers.contains_key(&refused));
    cluster.storages[&1].borrow_mut().limit_capacity(None);
    cluster.boot(1);
    cluster.run_until("with what the others have", |cluster| cluster.partition().1 == [1, 2, 3]);
    assert_eq!(cluster.offsets(1).0, 1, "half a batch is none");
}

#[test]
fn what_was_to_be_answered_in_the_same_breath_is_not() {
    let mut cluster = Cluster::with_topic(3, &[], &[]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    let waiting = cluster.send(1, &cluster.consumer_fetch(1));
    cluster.run(Duration::from_millis(3));
    cluster.storages[&1].borrow_mut().fail("read", "orders-0");
    // The append works and would be acknowledged; but then the followers that wait for it have to be served.
    let produced = cluster.send(1, &produce(Acks::Leader, &[&[testing::batch(&["b"])]]));
    cluster.hands_over(1);
    assert!(!cluster.answers.contains_key(&produced) && !cluster.answers.contains_key(&waiting));
}

#[test]
fn with_group_commit_one_copy_survives_the_power_loss_right_after_the_answer() {
    let group_commit = [("log.flush.group.commit.enable", RawValue::Bool(true))];
    let mut cluster = Cluster::with_topic(1, &group_commit, &[]);
    for value in ["a", "b"] {
        assert_eq!(cluster.produce(1, Acks::All, &[testing::batch(&[value])]).0, ErrorCode::NONE);
    }
    cluster.lose_power(1);
    cluster.boot(1);
    cluster.run_until("it leads", |cluster| cluster.broker(1).replicas().values().any(Replica::is_leader));
    assert_eq!(cluster.offsets(1), (2, 2));
}

#[test]
fn without_a_scheduler_interval_the_scheduler_looks_once() {
    for (interval, expected) in [(None, 1), (Some(500), 2)] {
        let mut properties = vec![("log.flush.interval.ms", RawValue::Int(100))];
        properties.extend(interval.map(|millis| ("log.flush.scheduler.interval.ms", RawValue::Int(millis))));
        let mut cluster = Cluster::with_topic(1, &properties, &[]);
        cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
        let delay = cluster.broker_config().initial_task_delay;
        assert_eq!(delay, Duration::from_millis(1_500), "30 s, compressed");
        cluster.run(Duration::from_millis(1_300));
        assert_eq!(cluster.seen(1, "flush_started"), 0);
        cluster.run(Duration::from_millis(300));
        assert_eq!((cluster.seen(1, "flush_started"), cluster.replica(1).log().recovery_point().0), (1, 1));
        cluster.produce(1, Acks::All, &[testing::batch(&["b"])]);
        cluster.run(Duration::from_secs(60));
        assert_eq!(cluster.replica(1).log().recovery_point().0, expected, "{interval:?}");
    }
}

#[test]
fn with_flush_ms_equal_to_the_interval_every_other_look_of_the_scheduler_comes_too_early() {
    let mut cluster =
        Cluster::with_topic(1, &[("log.flush.scheduler.interval.ms", RawValue::Int(1_000))], &[]);
    let mut flushed = Vec::new();
    for second in 1..=7 {
        cluster.produce(1, Acks::All, &[testing::batch(&["v"])]);
        cluster.run(Duration::from_millis(990));
        flushed.push((second, cluster.seen(1, "flush_finished")));
    }
    let total = flushed.last().expect("seven seconds").1;
    assert_eq!(total, 3, "looks at 1.5, 2.5, 3.5, 4.5, 5.5, 6.5 s: {flushed:?}");
}
