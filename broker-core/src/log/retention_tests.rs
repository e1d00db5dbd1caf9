//! What becomes of a log's beginning.

use super::super::{LogConfig, Opening};
use super::*;
use crate::config::FlushPolicy;
use crate::testing::{self, MemStorage};
use crate::types::{LeaderEpoch, TopicPartition};

/// Two batches of one record in a segment: 70 bytes each.
const CONFIG: LogConfig = LogConfig {
    segment_bytes: 150,
    flush: FlushPolicy { interval_messages: None, interval: None, group_commit: false },
    retention_bytes: Some(300),
};

fn open(storage: &mut MemStorage, opening: Opening, recovery_point: i64, start: i64) -> Log {
    let orders = TopicPartition::new("orders", 0);
    Log::open_from(storage, orders, CONFIG, opening, Offset(recovery_point), Offset(start)).unwrap().0
}

/// Ten records in leader epochs 0 to 9, in segments of two.
fn ten() -> (MemStorage, Log) {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, Opening::Unclean, 0, 0);
    for epoch in 0..10 {
        log.append_as_leader(&mut storage, testing::batch(&["xx"]), LeaderEpoch(epoch)).unwrap();
    }
    (storage, log)
}

fn flush(storage: &mut MemStorage, log: &mut Log) {
    if let Some(plan) = log.start_flush() {
        storage.apply(&plan.steps);
        log.finish_flush();
    }
}

fn segments(storage: &MemStorage) -> Vec<i64> {
    let names = storage.list("orders-0").unwrap();
    names.iter().filter_map(|name| segment::parse_name(name)).map(|base| base.0).collect()
}

#[test]
fn retention_takes_whole_segments_below_the_high_watermark_and_never_the_active_one() {
    let (_, mut log) = ten();
    let size: u64 = log.segments.iter().map(segment::Segment::size).sum();
    let mut start = |retention_bytes, high_watermark| {
        log.configure(LogConfig { retention_bytes, ..CONFIG });
        log.retention_start_offset(Offset(high_watermark)).0
    };
    assert_eq!(start(None, 10), 0);
    assert_eq!(start(Some(size), 10), 0);
    assert_eq!(start(Some(size - 1), 10), 0, "less than a segment too much");
    assert_eq!(start(Some(300), 10), 4, "three segments of 140 stay, as two would be less than 300");
    assert_eq!(start(Some(0), 10), 8, "the active one stays");
    assert_eq!(start(Some(0), 5), 4, "a segment that ends above the high watermark stays");
    assert_eq!(start(Some(0), 1), 0);
}

#[test]
fn the_start_moves_first_and_the_segments_follow() {
    let (mut storage, mut log) = ten();
    assert!(log.increment_start_offset(Offset(5)));
    assert!(!log.increment_start_offset(Offset(3)), "it never goes back");
    assert_eq!(segments(&storage), [0, 2, 4, 6, 8]);
    let below = log.read(&storage, Offset(4), Offset(10), 1_000).unwrap_err();
    assert_eq!(below, LogError::OutOfRange { asked: 4, start: 5, end: 10 });
    assert!(!log.read(&storage, Offset(5), Offset(10), 1_000).unwrap().is_empty());
    assert_eq!(log.epochs().entries()[0].start_offset, Offset(5));
    assert_eq!(log.delete_old_segments(&mut storage, Offset(5)), Ok(2));
    assert_eq!(segments(&storage), [4, 6, 8], "the segment that holds the start stays whole");
    assert!(!log.has_old_segments());
    assert_eq!(log.truncate_to(&mut storage, Offset(4)).unwrap_err(), below);
}

#[test]
fn segments_that_come_back_after_a_power_loss_go_again() {
    let (mut storage, mut log) = ten();
    flush(&mut storage, &mut log);
    log.increment_start_offset(Offset(6));
    log.delete_old_segments(&mut storage, Offset(6)).unwrap();
    storage.lose_unflushed();
    storage.remove("orders-0/00000000000000000002.log").unwrap(); // not all of them came back
    assert_eq!(segments(&storage), [0, 4, 6, 8]);
    for opening in [Opening::Clean, Opening::Unclean] {
        let mut storage = storage.clone();
        let log = open(&mut storage, opening, 10, 6);
        assert_eq!((log.start_offset(), log.end_offset()), (Offset(6), Offset(10)));
        assert_eq!(segments(&storage), [6, 8]);
        assert_eq!(log.epochs().entries()[0].epoch, LeaderEpoch(6));
    }
}

#[test]
fn without_a_checkpoint_the_log_starts_where_its_first_segment_does() {
    let (mut storage, mut log) = ten();
    log.increment_start_offset(Offset(5));
    log.delete_old_segments(&mut storage, Offset(5)).unwrap();
    let log = open(&mut storage, Opening::Unclean, 5, 0);
    assert_eq!((log.start_offset(), log.end_offset()), (Offset(4), Offset(10)));
}

#[test]
fn a_log_that_was_never_flushed_and_lost_its_first_segment_is_empty() {
    let (mut storage, mut log) = ten();
    storage.remove("orders-0/00000000000000000000.log").unwrap();
    for opening in [Opening::Unclean, Opening::Unknown] {
        let mut storage = storage.clone();
        let log = open(&mut storage, opening, 0, 0);
        let expected = if opening == Opening::Unclean { (0, 0) } else { (2, 10) };
        assert_eq!((log.start_offset().0, log.end_offset().0), expected, "nobody deleted what is missing");
        if opening == Opening::Unclean {
            assert_eq!(segments(&storage), [0]);
        }
    }
    log.increment_start_offset(Offset(2));
    let log = open(&mut storage, Opening::Unclean, 0, 2);
    assert_eq!((log.start_offset().0, log.end_offset().0), (2, 10), "here it was deleted");
}

#[test]
fn a_log_that_lost_everything_above_its_start_begins_anew_there() {
    let (mut storage, mut log) = ten();
    flush(&mut storage, &mut log);
    let mut log = open(&mut storage, Opening::Unclean, 10, 40);
    assert_eq!(
        (log.start_offset(), log.end_offset(), log.recovery_point()),
        (Offset(40), Offset(40), Offset(40))
    );
    assert!(log.truncation_pending() && log.epochs().entries().is_empty());
    log.append_as_leader(&mut storage, testing::batch(&["xx"]), LeaderEpoch(11)).unwrap();
    flush(&mut storage, &mut log);
    storage.lose_unflushed();
    assert_eq!(segments(&storage), [40]);
    assert_eq!(open(&mut storage, Opening::Unclean, 41, 40).end_offset(), Offset(41));
}

#[test]
fn the_name_of_a_log_that_begins_above_zero_is_made_durable_too() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, Opening::Clean, 0, 40);
    log.append_as_leader(&mut storage, testing::batch(&["xx"]), LeaderEpoch(0)).unwrap();
    flush(&mut storage, &mut log);
    storage.lose_unflushed();
    assert_eq!(segments(&storage), [40]);
}

#[test]
fn a_log_begins_anew_above_or_below_while_a_flush_is_under_way() {
    for to in [2, 30] {
        let (mut storage, mut log) = ten();
        let plan = log.start_flush().unwrap();
        log.truncate_fully_and_start_at(&mut storage, Offset(to)).unwrap();
        storage.apply(&plan.steps);
        log.finish_flush();
        assert_eq!(
            (log.start_offset(), log.end_offset(), log.recovery_point()),
            (Offset(to), Offset(to), Offset(to))
        );
        assert!(log.flush_due(), "the names are not durable");
        flush(&mut storage, &mut log);
        assert!(!log.truncation_pending());
        storage.lose_unflushed();
        assert_eq!(segments(&storage), [to]);
    }
}
