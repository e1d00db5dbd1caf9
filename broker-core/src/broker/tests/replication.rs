//! Records reach everybody, failures move leadership, and nothing acknowledged is lost.

use super::*;

const SYNC: [(&str, &str); 1] = [("min.insync.replicas", "2")];

#[test]
fn records_and_the_high_watermark_reach_all_replicas() {
    let mut cluster = Cluster::with_topic(3, &[], &SYNC);
    assert_eq!(cluster.produce(1, Acks::All, &[testing::batch(&["a", "b"])]), (ErrorCode::NONE, 0));
    assert_eq!(cluster.offsets(1), (2, 2), "acknowledged means replicated");
    assert!((2..=3).all(|id| cluster.offsets(id).0 == 2));
    cluster.run_until("the high watermark is everywhere", |cluster| {
        (1..=3).all(|id| cluster.offsets(id) == (2, 2))
    });
    assert_eq!(cluster.produce(1, Acks::All, &[testing::batch(&["c"])]), (ErrorCode::NONE, 2));
}

#[test]
fn who_does_not_lead_says_so() {
    let mut cluster = Cluster::with_topic(2, &[], &[]);
    let batch = testing::batch(&["a"]);
    assert_eq!(cluster.produce(2, Acks::All, &[batch]), (ErrorCode::NOT_LEADER_OR_FOLLOWER, -1));
}

#[test]
fn when_the_leader_dies_another_leads_and_has_what_was_acknowledged() {
    let mut cluster = Cluster::with_topic(3, &[], &SYNC);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    cluster.kill(1);
    cluster.run_until("broker 2 leads", |cluster| cluster.replica(2).is_leader());
    assert_eq!(cluster.partition(), (2, vec![2, 3]));
    let record = testing::batch(&["b"]);
    assert_eq!(cluster.produce(2, Acks::All, &[record]), (ErrorCode::NONE, 1));
    cluster.boot(1);
    cluster.run_until("broker 1 is back in sync", |cluster| cluster.partition().1 == [1, 2, 3]);
    cluster.run_until("with everything", |cluster| cluster.offsets(1) == (2, 2));
}

#[test]
fn what_only_an_isolated_leader_had_is_cut_when_it_comes_back() {
    let mut cluster = Cluster::with_topic(3, &[], &SYNC);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    cluster.isolated.insert(1);
    cluster.handle_produce(1, &testing::batch(&["lost", "lost too"]));
    assert_eq!(cluster.offsets(1), (3, 1));
    cluster.run_until("broker 2 leads", |cluster| cluster.replica(2).is_leader());
    cluster.produce(2, Acks::All, &[testing::batch(&["b"])]);
    cluster.isolated.clear();
    cluster.run_until("logs agree", |cluster| (1..=3).all(|id| cluster.offsets(id) == (2, 2)));
    let log = |id| cluster.broker(id).read_log(&orders(), crate::types::Offset(0)).unwrap().unwrap();
    assert_eq!(log(1), log(2));
    assert!(cluster.events.iter().any(|(id, event)| *id == 1 && event.name() == "log_truncated"));
}

#[test]
fn a_follower_that_is_away_leaves_the_isr_and_acks_all_goes_on() {
    let mut cluster = Cluster::with_topic(3, &[], &SYNC);
    cluster.kill(3);
    let record = testing::batch(&["a"]);
    assert_eq!(cluster.produce(1, Acks::All, &[record]), (ErrorCode::NONE, 0));
    assert_eq!(cluster.partition(), (1, vec![1, 2]));
    cluster.kill(2);
    cluster.run_until("the leader is alone", |cluster| cluster.replica(1).state().isr.len() == 1);
    let record = testing::batch(&["b"]);
    assert_eq!(cluster.produce(1, Acks::All, &[record]), (ErrorCode::NOT_ENOUGH_REPLICAS, -1));
}

#[test]
fn a_broker_touches_no_replica_before_it_has_read_of_its_own_registration() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    cluster.produce(1, Acks::All, &[testing::batch(&["a"])]);
    let first = cluster.broker(1).broker_epoch().unwrap();
    cluster.kill(1);
    cluster.boot(1);
    // The controller refuses it while its predecessor's session lasts; what it reads says that broker 1 leads.
    cluster.run_until("it has read that it leads", |cluster| {
        cluster.broker(1).shared.image.partitions().any(|(.., state)| state.leader.0 == 1)
    });
    cluster.run(Duration::from_millis(50));
    assert_eq!(cluster.broker(1).broker_epoch(), None);
    assert!(cluster.broker(1).replicas().is_empty(), "that was said of its predecessor");
    cluster.run_until("it is registered", |cluster| cluster.broker(1).broker_epoch().is_some());
    let epoch = cluster.broker(1).broker_epoch().unwrap();
    assert!(cluster.broker(1).shared.image.end_offset().0 <= epoch.0, "but has not read of it yet");
    assert!(cluster.broker(1).replicas().is_empty());
    cluster.run_until("it leads", |cluster| cluster.broker(1).replicas().values().any(Replica::is_leader));
    let second = cluster.broker(1).broker_epoch().unwrap();
    assert!(first < second);
    assert!(second.0 < cluster.broker(1).shared.image.end_offset().0);
    assert_eq!(cluster.replica(1).state().leader_epoch.0, 2, "after a leader epoch in which nobody led");
    assert_eq!(cluster.offsets(1).0, 1);
}

#[test]
fn an_idle_cluster_is_nearly_quiet() {
    let mut cluster = Cluster::with_topic(3, &[], &SYNC);
    cluster.run(Duration::from_secs(1));
    let before = cluster.inputs;
    cluster.run(Duration::from_secs(10));
    let inputs = cluster.inputs - before;
    // Three brokers long-poll the controller and two of them the leader, each for 25 ms: 2000 requests. Each is an
    // input to whom it is sent, a wakeup when its time is up, and an input to whoever asked. The rest is heartbeats,
    // checkpoints and looks at the ISR.
    assert!(inputs < 3 * 2_000 + 1_000, "{inputs} inputs");
    assert_eq!(cluster.partition(), (1, vec![1, 2, 3]));
}

impl Cluster {
    /// A produce that reaches the broker although nobody else does, and is not waited for.
    fn handle_produce(&mut self, broker: i32, batch: &RecordBatch) {
        let frame = crate::wire::encode_request(
            crate::io::RequestId(1),
            "test",
            &produce(Acks::All, &[std::slice::from_ref(batch)]),
        );
        let connection = crate::io::ConnectionId(1 << 40);
        self.handle(broker, crate::io::Input::Request { connection, frame });
    }
}
