//! Stopping, starting, and what is on the disk in between.

use super::*;
use crate::io::FlushStep;
use crate::log::{Log, LogConfig, Opening};
use crate::types::{LeaderEpoch, Offset};

const MARKER: &str = ".kafka_cleanshutdown";

#[test]
fn a_clean_shutdown_moves_leadership_and_writes_the_marker_last() {
    let mut cluster = Cluster::with_topic(3, &[], &[]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    let epoch = cluster.broker(1).broker_epoch().unwrap();
    cluster.shut_down(1);
    assert_eq!(cluster.partition(), (2, vec![2, 3]));
    assert_eq!(cluster.file(1, MARKER).unwrap(), format!("{epoch}\n"));
    let steps: Vec<&FlushStep> =
        cluster.flushed.iter().filter(|(id, _)| *id == 1).map(|(_, step)| step).collect();
    let markers = |step: &&FlushStep| matches!(step, FlushStep::Replace { path, .. } if path == MARKER);
    assert_eq!(steps.iter().position(markers), Some(steps.len() - 1));
    let logs = steps.iter().filter(|step| matches!(step, FlushStep::File(_))).count();
    assert!(0 < logs, "the log first");
}

#[test]
fn a_clean_start_removes_the_marker_before_it_loads_and_recovers_nothing() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    cluster.shut_down(1);
    cluster.storages[&1].borrow_mut().lose_unflushed();
    let recoveries = cluster.seen(1, "recovery_started");
    cluster.boot(1);
    assert_eq!(cluster.file(1, MARKER), None, "a crash from here on is not clean (KAFKA-10471)");
    assert_eq!(cluster.seen(1, "recovery_started"), recoveries);
    cluster.run_until("it leads", |cluster| cluster.broker(1).replicas().values().any(Replica::is_leader));
    assert_eq!(cluster.offsets(1), (1, 1), "nothing is lost, not even the high watermark");
}

#[test]
fn without_a_marker_a_start_recovers() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    cluster.kill(1);
    cluster.boot(1);
    assert_eq!(cluster.seen(1, "recovery_started"), 1);
    cluster.run_until("it leads", |cluster| cluster.broker(1).replicas().values().any(Replica::is_leader));
    assert_eq!(cluster.offsets(1).0, 1, "the page cache survives the process");
}

#[test]
fn a_log_that_metadata_has_not_named_is_flushed_before_the_marker_too() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    cluster.kill(1);
    let mut storage = cluster.storages[&1].clone();
    let (stray, config) = (TopicPartition::new("stray", 0), &cluster.broker_config().topic_defaults);
    let (config, none) = (LogConfig::from(config), Offset(0));
    let mut log = Log::open(&mut storage, stray, config, Opening::Clean, none).unwrap().0;
    log.append_as_leader(&mut storage, testing::batch(&["a"]), LeaderEpoch(0)).unwrap();
    let path = "stray-0/00000000000000000000.log";
    let before = storage.read_file(path).unwrap().unwrap();

    cluster.boot(1);
    cluster.run_until("it leads", |cluster| cluster.broker(1).replicas().values().any(Replica::is_leader));
    cluster.run(Duration::from_secs(10)); // long enough for every checkpoint
    cluster.shut_down(1);
    assert!(cluster.file(1, MARKER).is_some());
    storage.borrow_mut().lose_unflushed();
    assert_eq!(storage.read_file(path).unwrap(), Some(before), "the marker says that all is well");
    let checkpoint = cluster.file(1, "recovery-point-offset-checkpoint").unwrap();
    assert!(checkpoint.contains("stray 0 1"), "{checkpoint}");
}

#[test]
fn with_sync_flush_everybody_may_lose_power_at_once() {
    let sync = [("log.flush.interval.messages", RawValue::Int(1))];
    let mut cluster = Cluster::with_topic(3, &sync, &[("min.insync.replicas", "2")]);
    assert_eq!(cluster.produce(1, Acks::All, &[testing::batch(&["a", "b"])]), (ErrorCode::NONE, 0));
    for id in [CONTROLLER, 1, 2, 3] {
        cluster.lose_power(id);
    }
    for id in [CONTROLLER, 1, 2, 3] {
        cluster.boot(id);
    }
    cluster.run_until("everybody has it", |cluster| {
        (1..=3)
            .all(|id| cluster.broker(id).replicas().contains_key(&orders()) && cluster.offsets(id) == (2, 2))
    });
}
