//! Batches that are not what was written: who had them must not lead as if it still had, and gets them back.

use kafka_protocol::messages::BrokerRegistrationRequest;

use super::*;
use crate::broker::{Broker, BrokerSettings};
use crate::io::{Effect, Node};
use crate::types::{BrokerEpoch, BrokerId, Endpoint};
use crate::wire::{self, Request};

const LOG: &str = "orders-0/00000000000000000000.log";
const NOTE: &str = "orders-0/damaged";

impl Cluster {
    /// Three brokers, three records on all of them.
    fn with_records() -> Cluster {
        let mut cluster = Cluster::with_topic(3, &[], &[("min.insync.replicas", "2")]);
        for value in ["a", "b", "c"] {
            assert_eq!(cluster.produce(1, Acks::All, &[testing::batch(&[value])]).0, ErrorCode::NONE);
        }
        cluster
    }

    /// Flips a bit in the last of three records of broker `id`.
    fn rot(&self, id: i32) {
        self.storages[&id].borrow_mut().damage(LOG, |bytes| *bytes.last_mut().unwrap() ^= 1);
    }

    /// A consumer reads what is rotten at broker 1, which halts.
    fn read_rotten(&mut self) {
        self.rot(1);
        let fetch = self.send(1, &self.consumer_fetch(0));
        self.run_until("it halts", |cluster| cluster.halted.contains_key(&1));
        assert!(!self.answers.contains_key(&fetch), "nobody is served");
    }

    fn is_repaired(&mut self) {
        self.run_until("it is back in sync", |cluster| cluster.partition().1 == [1, 2, 3]);
        self.run_until("the note is gone", |cluster| cluster.seen(1, "damage_note_removed") == 1);
        assert_eq!(self.file(1, NOTE), None);
        self.run_until("all have all", |cluster| (1..=3).all(|id| cluster.offsets(id) == (3, 3)));
        for id in [2, 3] {
            self.shut_down(id);
        }
        self.run_until("it leads again", |cluster| cluster.replica(1).is_leader());
    }
}

#[test]
fn a_leader_that_reads_a_bad_checksum_leaves_a_note_and_comes_back_as_a_follower() {
    let mut cluster = Cluster::with_records();
    cluster.read_rotten();
    cluster.storages[&1].borrow_mut().lose_unflushed();
    let note = cluster.file(1, NOTE).unwrap();
    assert!(note.starts_with("0\n2\ncrc32c "), "durable, and it names the offset: {note}");
    cluster.run_until("another leads", |cluster| cluster.partition() == (2, vec![2, 3]));
    cluster.boot(1);
    cluster.is_repaired();
    assert_eq!((cluster.seen(1, "repair_started"), cluster.seen(1, "replica_repaired")), (1, 1));
}

#[test]
fn a_bad_checksum_in_what_was_cleanly_closed_is_found_when_it_is_read() {
    let mut cluster = Cluster::with_records();
    cluster.run(Duration::from_secs(1));
    cluster.rot(1);
    cluster.shut_down(1);
    cluster.boot(1);
    cluster.run_until("it is back in sync", |cluster| cluster.partition().1 == [1, 2, 3]);
    for id in [2, 3] {
        cluster.shut_down(id);
    }
    cluster.run_until("it leads", |cluster| cluster.replica(1).is_leader());
    cluster.send(1, &cluster.consumer_fetch(0));
    cluster.run_until("it halts", |cluster| cluster.halted.contains_key(&1));
    assert_eq!(cluster.seen(1, "log_damaged"), 1);
}

#[test]
fn a_log_that_is_not_what_was_cleanly_closed_is_repaired_by_the_others() {
    let cut: fn(&mut Vec<u8>) = |bytes| bytes.truncate(100);
    let cut_between_batches: fn(&mut Vec<u8>) = |bytes| bytes.truncate(bytes.len() / 3);
    let scrambled: fn(&mut Vec<u8>) = |bytes| bytes[16] = 9;
    for damage in [cut, cut_between_batches, scrambled] {
        let mut cluster = Cluster::with_records();
        cluster.shut_down(1);
        cluster.storages[&1].borrow_mut().damage(LOG, damage);
        cluster.boot(1);
        assert_eq!(cluster.seen(1, "log_damaged"), 1);
        cluster.is_repaired();
    }
}

/// What broker 1 would say of its previous life if it started now on a copy of its disk.
fn registration(cluster: &Cluster) -> BrokerRegistrationRequest {
    let mut storage = cluster.storages[&1].borrow().clone();
    let endpoint = |name: &str| Endpoint { host: name.into(), port: 9092 };
    let settings = BrokerSettings {
        id: BrokerId(1),
        endpoint: endpoint("node-1"),
        controller: endpoint("node-0"),
        incarnation: 99,
        config: cluster.broker_config().clone(),
    };
    let mut broker = Broker::start(cluster.now, Box::new(storage.clone()), settings).unwrap();
    loop {
        match broker.poll_effect() {
            Some(Effect::Flush { flush, steps }) => {
                storage.apply(&steps);
                broker.handle(cluster.now, Input::Flushed { flush, result: Ok(()) });
            }
            Some(Effect::Request { frame, .. }) => {
                if let (_, Request::BrokerRegistration(body)) = wire::decode_request(frame).unwrap() {
                    return body;
                }
            }
            Some(_) => {}
            None => panic!("it does not register"),
        }
    }
}

#[test]
fn who_has_less_than_before_registers_as_unclean_however_it_was_stopped() {
    let mut cluster = Cluster::with_records();
    let epoch = cluster.broker(1).broker_epoch().unwrap();
    cluster.shut_down(1);
    assert_eq!(registration(&cluster).previous_broker_epoch, epoch.0);
    cluster.storages[&1].borrow_mut().damage(LOG, |bytes| bytes.truncate(100));
    assert_eq!(registration(&cluster).previous_broker_epoch, BrokerEpoch::NONE.0);
}

#[test]
fn a_gap_between_segments_is_damage_too() {
    let small =
        [("log.segment.bytes", RawValue::Int(100)), ("log.flush.interval.messages", RawValue::Int(1))];
    let mut cluster = Cluster::with_topic(3, &small, &[("min.insync.replicas", "2")]);
    for value in ["a", "b", "c"] {
        cluster.produce(1, Acks::All, &[testing::batch(&[value])]);
    }
    cluster.run(Duration::from_secs(10)); // the recovery point is written
    cluster.kill(1);
    cluster.storages[&1].borrow_mut().remove("orders-0/00000000000000000001.log").unwrap();
    cluster.boot(1);
    assert_eq!(cluster.seen(1, "log_damaged"), 1);
    cluster.is_repaired();
}

#[test]
fn the_last_member_of_the_isr_would_rather_not_lead_than_lead_with_less() {
    let mut cluster = Cluster::with_topic(1, &[], &[]);
    for value in ["a", "b", "c"] {
        cluster.produce(1, Acks::All, &[testing::batch(&[value])]);
    }
    cluster.read_rotten();
    for refusals in [1, 2] {
        cluster.boot(1);
        cluster.run_until("it is elected", |cluster| cluster.seen(1, "leadership_refused") == refusals);
        let answer = cluster.produce(1, Acks::All, &[testing::batch(&["d"])]);
        assert_eq!(answer, (ErrorCode::KAFKA_STORAGE_ERROR, -1));
        assert_eq!(cluster.replica(1).log().end_offset().0, 2, "what is left");
        cluster.shut_down(1);
        assert!(cluster.file(1, NOTE).is_some(), "not even a clean stop makes it whole");
    }
}

#[test]
fn a_power_loss_before_the_note_is_durable_leaves_the_log_uncut() {
    let mut cluster = Cluster::with_records();
    cluster.shut_down(1);
    cluster.storages[&1].borrow_mut().damage(LOG, |bytes| bytes[16] = 9);
    let damaged = cluster.file_bytes(LOG);
    cluster.boot(1);
    cluster.kill(1);
    assert_eq!(cluster.file_bytes(LOG), damaged, "not touched yet");
    cluster.boot(1);
    assert_eq!(cluster.seen(1, "log_damaged"), 2, "found again");
    cluster.run(Duration::from_millis(2));
    assert!(cluster.file(1, NOTE).is_some() && cluster.file_bytes(LOG) != damaged, "noted, and cut");
    cluster.kill(1);
    cluster.boot(1);
    cluster.is_repaired();
    assert_eq!(cluster.seen(1, "log_damaged"), 2, "the third start has the note");
}

impl Cluster {
    fn file_bytes(&self, path: &str) -> Bytes {
        self.storages[&1].read_file(path).unwrap().unwrap()
    }
}
