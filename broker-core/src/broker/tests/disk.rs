//! A disk that is full, that fails to read or to append, and whose bits turn over in any file a broker has.

use super::*;
use crate::log::OffsetCheckpoint;

const LOG: &str = "orders-0/00000000000000000000.log";
const MARKER: &str = ".kafka_cleanshutdown";
const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
const SAFE: [(&str, &str); 1] = [("min.insync.replicas", "2")];

impl Cluster {
    /// Three brokers, these records on all of them, and everybody knows that they are committed.
    fn holding(properties: &[(&str, RawValue<'_>)], values: &[&str]) -> Cluster {
        let mut cluster = Cluster::with_topic(3, properties, &SAFE);
        for value in values {
            assert_eq!(cluster.produce(1, Acks::All, &[testing::batch(&[value])]).0, ErrorCode::NONE);
        }
        cluster.all_have(values.len() as i64);
        cluster
    }

    fn all_have(&mut self, records: i64) {
        self.run_until("all have all", |cluster| {
            (1..=3).all(|id| {
                cluster.broker(id).replicas().contains_key(&orders())
                    && cluster.offsets(id) == (records, records)
            })
        });
    }

    fn halts(&mut self, id: i32) {
        self.run_until("it halts", |cluster| cluster.halted.contains_key(&id));
        assert!(matches!(self.halted[&id], HaltReason::Storage(_)), "{:?}", self.halted[&id]);
    }

    fn back_in_sync(&mut self) {
        self.run_until("all are in sync", |cluster| cluster.partition().1 == [1, 2, 3]);
    }

    fn size(&self, id: i32) -> usize {
        self.storages[&id].read_file(LOG).unwrap().map_or(0, |content| content.len())
    }

    fn flip(&self, id: i32, path: &str, at: usize) {
        self.storages[&id].borrow_mut().damage(path, |bytes| bytes[at] ^= 1);
    }
}

#[test]
fn a_leader_without_room_acknowledges_nothing_and_serves_again_once_there_is_some() {
    let mut cluster = Cluster::holding(&[], &["a"]);
    let whole = cluster.size(1);
    cluster.storages[&1].borrow_mut().limit_capacity(Some(whole + 20));
    let refused = cluster.send(1, &produce(Acks::All, &[&[testing::batch(&["b"])]]));
    cluster.halts(1);
    assert!(!cluster.answers.contains_key(&refused));
    cluster.run_until("another leads", |cluster| cluster.partition() == (2, vec![2, 3]));
    cluster.storages[&1].borrow_mut().limit_capacity(None);
    cluster.boot(1);
    cluster.back_in_sync();
    assert_eq!(cluster.produce(2, Acks::All, &[testing::batch(&["c"])]), (ErrorCode::NONE, 1));
    cluster.all_have(2);
}

#[test]
fn half_a_batch_that_could_not_even_be_cut_is_cut_at_the_next_start() {
    let mut cluster = Cluster::holding(&[], &["a"]);
    let whole = cluster.size(1);
    cluster.storages[&1].borrow_mut().limit_capacity(Some(whole + 20));
    cluster.storages[&1].borrow_mut().fail("truncate", "orders-0");
    cluster.send(1, &produce(Acks::Leader, &[&[testing::batch(&["b"])]]));
    cluster.halts(1);
    assert_eq!(cluster.size(1), whole + 20);
    cluster.storages[&1].borrow_mut().heal();
    cluster.storages[&1].borrow_mut().limit_capacity(None);
    cluster.boot(1);
    cluster.back_in_sync();
    cluster.all_have(1);
    assert_eq!(cluster.size(1), whole);
    assert_eq!(cluster.seen(1, "log_damaged"), 0, "nobody was promised it");
}

#[test]
fn a_follower_that_cannot_append_halts_and_the_others_go_on() {
    for full in [true, false] {
        let mut cluster = Cluster::holding(&[], &["a"]);
        let size = cluster.size(3);
        if full {
            cluster.storages[&3].borrow_mut().limit_capacity(Some(size + 20));
        } else {
            cluster.storages[&3].borrow_mut().fail("append", LOG);
        }
        let produced = cluster.send(1, &produce(Acks::All, &[&[testing::batch(&["b"])]]));
        cluster.halts(3);
        cluster.run_until("the rest is enough", |cluster| cluster.answers.contains_key(&produced));
        let response = cluster.take_answer::<ProduceRequest>(produced).unwrap();
        assert!([ErrorCode::NONE, ErrorCode::REQUEST_TIMED_OUT].contains(&answer(&response).0));
        cluster.run_until("it is out", |cluster| cluster.partition() == (1, vec![1, 2]));
        cluster.storages[&3].borrow_mut().limit_capacity(None);
        cluster.storages[&3].borrow_mut().heal();
        cluster.boot(3);
        cluster.back_in_sync();
        cluster.all_have(2);
    }
}

#[test]
fn a_leader_whose_disk_cannot_be_read_halts_and_answers_nobody() {
    let mut cluster = Cluster::holding(&[], &["a"]);
    cluster.storages[&1].borrow_mut().fail("read", LOG);
    let fetch = cluster.send(1, &cluster.consumer_fetch(0));
    cluster.halts(1);
    assert!(!cluster.answers.contains_key(&fetch));
    cluster.storages[&1].borrow_mut().heal();
    cluster.boot(1);
    cluster.back_in_sync();
    assert_eq!(cluster.seen(1, "log_damaged"), 0, "a disk that fails is no disk that lies");
}

#[test]
fn a_disk_that_fails_at_the_start_is_left_as_it_is_and_the_next_start_works() {
    let steps = ["open", "list", "read_file", "len", "read"];
    for operation in steps {
        let mut cluster = Cluster::holding(&[], &["a", "b"]);
        cluster.kill(1);
        let before = cluster.storages[&1].borrow().contents();
        cluster.storages[&1].borrow_mut().fail(operation, "");
        let error = cluster.try_boot(1).expect_err("it does not start");
        assert!(matches!(error, crate::error::LogError::Storage(_)), "{error}");
        cluster.storages[&1].borrow_mut().heal();
        assert_eq!(cluster.storages[&1].borrow().contents(), before, "{operation}");
        cluster.boot(1);
        cluster.back_in_sync();
        cluster.all_have(2);
    }
}

#[test]
fn a_start_that_dies_at_any_of_its_operations_harms_nothing() {
    let mut cluster = Cluster::holding(&[], &["a", "b"]);
    cluster.kill(1);
    for operations in 0.. {
        cluster.storages[&1].borrow_mut().fail_after(operations);
        let started = cluster.try_boot(1).is_ok();
        cluster.storages[&1].borrow_mut().heal();
        if started {
            break;
        }
    }
    cluster.back_in_sync();
    cluster.all_have(2);
    assert_eq!(cluster.seen(1, "log_damaged"), 0);
}

#[test]
fn rot_in_what_a_follower_has_is_found_once_it_leads_and_repaired() {
    let mut cluster = Cluster::holding(&[], &["a", "b", "c"]);
    cluster.flip(2, LOG, 65);
    cluster.shut_down(1);
    cluster.run_until("the next one leads", |cluster| cluster.replica(2).is_leader());
    let fetch = cluster.send(2, &cluster.consumer_fetch(0));
    cluster.halts(2);
    assert_eq!((cluster.seen(2, "log_damaged"), cluster.answers.contains_key(&fetch)), (1, false));
    cluster.boot(1);
    cluster.boot(2);
    cluster.run_until("the note is gone", |cluster| cluster.seen(2, "damage_note_removed") == 1);
    cluster.all_have(3);
    let leader = cluster.partition().0;
    assert_eq!(cluster.produce(leader, Acks::All, &[testing::batch(&["d"])]), (ErrorCode::NONE, 3));
}

#[test]
fn a_leader_epoch_that_rots_is_found_when_it_is_read_and_repaired() {
    for batch in [0, 1, 2] {
        let mut cluster = Cluster::holding(&[], &["a", "b", "c"]);
        let length = cluster.size(1) / 3;
        cluster.flip(1, LOG, batch * length + 15); // no checksum covers it
        let fetch = cluster.send(1, &cluster.consumer_fetch(batch as i64));
        cluster.halts(1);
        assert_eq!((cluster.seen(1, "log_damaged"), cluster.answers.contains_key(&fetch)), (1, false));
        cluster.boot(1);
        cluster.back_in_sync();
        cluster.run_until("the note is gone", |cluster| cluster.seen(1, "damage_note_removed") == 1);
        cluster.all_have(3);
        let file = |id: i32| cluster.storages[&id].read_file(LOG).unwrap();
        assert_eq!(file(1), file(2), "with the leader epochs of the others");
    }
}

#[test]
fn a_follower_that_ends_with_an_epoch_nobody_led_in_is_damaged() {
    let mut cluster = Cluster::holding(&[], &["a", "b", "c"]);
    cluster.kill(3);
    let last = cluster.size(3) / 3 * 2;
    cluster.storages[&3].borrow_mut().damage(LOG, |bytes| bytes[last + 13] ^= 1);
    cluster.boot(3);
    cluster.halts(3);
    assert_eq!(cluster.seen(3, "log_damaged"), 1, "it would ask for ever");
    cluster.boot(3);
    cluster.back_in_sync();
    cluster.run_until("the note is gone", |cluster| cluster.seen(3, "damage_note_removed") == 1);
    cluster.all_have(3);
    let file = |id: i32| cluster.storages[&id].read_file(LOG).unwrap();
    assert_eq!(file(3), file(2));
}

#[test]
fn a_marker_that_rots_makes_the_stop_an_unclean_one() {
    for change in [|bytes: &mut Vec<u8>| bytes[0] ^= 1, |bytes: &mut Vec<u8>| bytes[0] = b'x', Vec::clear] {
        let mut cluster = Cluster::holding(&[], &["a"]);
        cluster.shut_down(1);
        cluster.storages[&1].borrow_mut().damage(MARKER, change);
        cluster.boot(1);
        cluster.back_in_sync();
        let unclean = cluster.events.iter().any(|(_, event)| {
            let text = format!("{event:?}");
            text.contains("BrokerRegistered")
                && text.contains("BrokerId(1)")
                && text.contains("unclean: true")
        });
        assert!(unclean, "the controller counts on nothing it has");
        cluster.all_have(1);
    }
}

#[test]
fn checkpoints_that_rot_are_not_believed() {
    for path in [RECOVERY_POINTS, HIGH_WATERMARKS, "orders-0/leader-epoch-checkpoint"] {
        for clean in [true, false] {
            let mut cluster = Cluster::holding(&[], &["a", "b"]);
            cluster.run(Duration::from_secs(10)); // every checkpoint is written
            if clean {
                cluster.shut_down(1);
            } else {
                cluster.kill(1);
            }
            let content = cluster.storages[&1].read_file(path).unwrap().unwrap();
            // The last digit before the checksum: of an offset.
            let digit = content.windows(8).position(|window| window == b"\ncrc32c ").unwrap() - 1;
            cluster.flip(1, path, digit);
            cluster.boot(1);
            cluster.back_in_sync();
            cluster.all_have(2);
            assert_eq!(cluster.seen(1, "log_damaged"), 0, "{path}");
            cluster.run(Duration::from_secs(10));
            if !path.contains('/') {
                let content = cluster.storages[&1].read_file(path).unwrap().unwrap();
                assert!(OffsetCheckpoint::decode(&content).is_ok(), "{path} is written anew");
            }
        }
    }
}

#[test]
fn without_recovery_points_a_torn_tail_is_cut_and_rot_is_damage() {
    for (torn, damaged) in [(true, 0), (false, 1)] {
        let mut cluster = Cluster::holding(&[], &["a", "b", "c"]);
        cluster.run(Duration::from_secs(10));
        cluster.kill(1);
        cluster.flip(1, RECOVERY_POINTS, 0);
        let change =
            |bytes: &mut Vec<u8>| if torn { bytes.truncate(bytes.len() - 5) } else { bytes[65] ^= 1 };
        cluster.storages[&1].borrow_mut().damage(LOG, change);
        cluster.boot(1);
        cluster.back_in_sync();
        cluster.all_have(3);
        assert_eq!(cluster.seen(1, "log_damaged"), damaged);
    }
}

#[test]
fn a_log_that_is_gone_after_a_clean_stop_is_damage() {
    let mut cluster = Cluster::holding(&[], &["a", "b"]);
    cluster.shut_down(1);
    let files = cluster.storages[&1].borrow().contents();
    for path in files.keys().filter(|path| path.starts_with("orders-0")) {
        cluster.storages[&1].borrow_mut().remove(path).unwrap();
    }
    cluster.boot(1);
    assert_eq!(cluster.seen(1, "log_damaged"), 1);
    cluster.back_in_sync();
    cluster.all_have(2);
    cluster.run_until("the note is gone", |cluster| cluster.seen(1, "damage_note_removed") == 1);
}

#[test]
fn a_sequence_that_rots_acknowledges_no_record_that_was_never_written() {
    let sync = [("log.flush.interval.messages", RawValue::Int(1))];
    let mut cluster = Cluster::with_topic(1, &sync, &[]);
    let sent = |sequence| testing::idempotent_batch(&["v"], 7, 0, sequence);
    for sequence in 0..3 {
        assert_eq!(cluster.produce(1, Acks::All, &[sent(sequence)]).0, ErrorCode::NONE);
    }
    cluster.run(Duration::from_secs(10)); // all of it is below the recovery point
    cluster.kill(1);
    // Sequence 2 of the last batch becomes 3, the next one.
    let last = cluster.size(1) / 3 * 2;
    cluster.flip(1, LOG, last + 56);
    cluster.boot(1);
    cluster.run(Duration::from_secs(3));
    let (error, _) = cluster.produce(1, Acks::All, &[sent(3)]);
    assert_eq!(error, ErrorCode::KAFKA_STORAGE_ERROR, "it is no duplicate, and the log is damaged");
    assert_eq!(cluster.seen(1, "log_damaged"), 1);
}
