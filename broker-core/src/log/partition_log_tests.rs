//! What a log promises, told step by step.

use super::*;
use crate::testing::{self, MemStorage};

fn config(interval_messages: Option<i64>) -> LogConfig {
    LogConfig {
        segment_bytes: 300,
        flush: FlushPolicy { interval_messages, interval: None, group_commit: false },
        retention_bytes: None,
    }
}

fn open(storage: &mut MemStorage, interval_messages: Option<i64>) -> Log {
    let orders = TopicPartition::new("orders", 0);
    Log::open(storage, orders, config(interval_messages), Opening::Unclean, Offset::ZERO).unwrap().0
}

fn append(log: &mut Log, storage: &mut MemStorage, records: usize) -> Appended {
    log.append_as_leader(storage, testing::batch(&vec!["v"; records]), LeaderEpoch(0)).unwrap()
}

fn finish(log: &mut Log, storage: &mut MemStorage, plan: &FlushPlan) {
    storage.apply(&plan.steps);
    log.finish_flush();
}

#[test]
fn with_sync_flush_nothing_counts_before_it_is_durable() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, Some(1));
    append(&mut log, &mut storage, 2);
    assert!(log.flush_due());
    assert_eq!((log.countable_end_offset(), log.end_offset()), (Offset(0), Offset(2)));
    let plan = log.start_flush().unwrap();
    append(&mut log, &mut storage, 1);
    assert!(!log.flush_due(), "one at a time");
    assert_eq!(log.start_flush(), None);
    finish(&mut log, &mut storage, &plan);
    assert_eq!((log.recovery_point(), log.countable_end_offset()), (Offset(2), Offset(2)));
    assert!(log.flush_due(), "the third record still waits");
    let plan = log.start_flush().unwrap();
    finish(&mut log, &mut storage, &plan);
    assert_eq!(log.countable_end_offset(), Offset(3));
    assert!(!log.unflushed() && !log.flush_due());
}

#[test]
fn the_append_that_trips_the_policy_waits_and_earlier_ones_do_not() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, Some(5));
    append(&mut log, &mut storage, 1);
    let early = log.start_flush().unwrap();
    append(&mut log, &mut storage, 3);
    assert_eq!(log.countable_end_offset(), Offset(4));
    append(&mut log, &mut storage, 6);
    assert_eq!(log.countable_end_offset(), Offset(4));
    finish(&mut log, &mut storage, &early);
    assert_eq!(log.countable_end_offset(), Offset(4), "nine are unflushed; what counted once counts on");
    let late = log.start_flush().unwrap();
    finish(&mut log, &mut storage, &late);
    assert_eq!(log.countable_end_offset(), Offset(10));
}

#[test]
fn a_new_segment_is_flushed_with_its_directory() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, None);
    append(&mut log, &mut storage, 2);
    let first = log.start_flush().unwrap();
    assert_eq!(first.steps.len(), 3, "the first segment is new as well, and so is the directory's own name");
    let directories = ["orders-0", ""].map(|directory| FlushStep::Directory(directory.into()));
    assert_eq!(first.steps[1..], directories);
    finish(&mut log, &mut storage, &first);
    while append(&mut log, &mut storage, 2).rolled.is_none() {
        assert!(!log.flush_due());
    }
    assert!(log.flush_due(), "a roll wants a flush");
    let plan = log.start_flush().unwrap();
    assert_eq!(plan.steps.len(), 5);
    let files = plan.steps[..3].iter().filter(|step| matches!(step, FlushStep::File(_))).count();
    assert_eq!(files, 3, "two segments and the producer snapshot between them");
    assert_eq!(plan.steps[3..], directories);
    finish(&mut log, &mut storage, &plan);
    append(&mut log, &mut storage, 1);
    let plan = log.start_flush().unwrap();
    assert_eq!(plan.steps.len(), 1, "the old segment and the directory are durable");
    finish(&mut log, &mut storage, &plan);
    storage.lose_unflushed();
    assert_eq!(open(&mut storage, None).end_offset(), log.end_offset());
}

#[test]
fn a_segment_truncated_away_is_gone_for_good_after_the_next_flush() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, None);
    while append(&mut log, &mut storage, 2).rolled.is_none() {}
    let plan = log.start_flush().unwrap();
    finish(&mut log, &mut storage, &plan);
    log.truncate_to(&mut storage, Offset(2)).unwrap();
    append(&mut log, &mut storage, 1);
    let plan = log.start_flush().unwrap();
    assert_eq!(plan.steps.len(), 3, "a file, the directory and its own name");
    finish(&mut log, &mut storage, &plan);
    storage.lose_unflushed();
    assert_eq!(storage.list("orders-0").unwrap(), ["00000000000000000000.log"]);
    assert_eq!(open(&mut storage, None).end_offset(), Offset(3));
}

#[test]
fn a_cut_that_was_not_durable_when_the_process_died_is_made_so_by_the_next() {
    for cut in [0, 1] {
        let mut storage = MemStorage::default();
        let mut log = open(&mut storage, None);
        for _ in 0..3 {
            append(&mut log, &mut storage, 1);
        }
        let plan = log.start_flush().unwrap();
        finish(&mut log, &mut storage, &plan);
        log.truncate_to(&mut storage, Offset(cut)).unwrap();
        // The process dies; what it had cut is still cut in the page cache.
        let mut log = open(&mut storage, None);
        storage.apply(&log.shutdown_steps());
        storage.lose_unflushed();
        assert_eq!(open(&mut storage, None).end_offset(), Offset(cut));
    }
}

#[test]
fn a_truncation_during_a_flush_clips_what_the_flush_promises() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, None);
    for _ in 0..10 {
        append(&mut log, &mut storage, 1);
    }
    let plan = log.start_flush().unwrap();
    log.truncate_to(&mut storage, Offset(6)).unwrap();
    append(&mut log, &mut storage, 8);
    finish(&mut log, &mut storage, &plan);
    assert_eq!((log.recovery_point(), log.end_offset()), (Offset(6), Offset(14)));
}

#[test]
fn a_failed_append_changes_nothing() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, Some(1));
    append(&mut log, &mut storage, 1);
    let batch = testing::idempotent_batch(&["a"], 3, 0, 0);
    let size = storage.read_file("orders-0/00000000000000000000.log").unwrap().unwrap().len();
    storage.limit_capacity(Some(size + 10));
    let error = log.append_as_leader(&mut storage, batch.clone(), LeaderEpoch(4)).unwrap_err();
    assert!(matches!(error, LogError::Storage(_)));
    assert_eq!((log.end_offset(), log.latest_epoch()), (Offset(1), Some(LeaderEpoch(0))));
    assert_eq!(log.producers(), &ProducerStateManager::default());
    storage.limit_capacity(None);
    log.append_as_leader(&mut storage, batch, LeaderEpoch(4)).unwrap();
    assert_eq!(open(&mut storage, None).end_offset(), Offset(2), "no half batch is left between");
}

#[test]
fn a_follower_takes_only_what_follows_on() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, None);
    let at = |offset, epoch| testing::batch(&["v"]).placed_at(Offset(offset), LeaderEpoch(epoch));
    log.append_as_follower(&mut storage, at(0, 2)).unwrap();
    let gap = log.append_as_follower(&mut storage, at(2, 2)).unwrap_err();
    assert_eq!(gap, LogError::OutOfRange { asked: 2, start: 0, end: 1 });
    let older = log.append_as_follower(&mut storage, at(1, 1)).unwrap_err();
    let reason = BatchError::LeaderEpoch { previous: 2, actual: 1 };
    assert_eq!(older, LogError::Corrupt { offset: 1, reason });
    assert_eq!(log.append_as_follower(&mut storage, at(1, 3)).unwrap().end_offset, Offset(2));
    let end = log.epoch_end_offset(LeaderEpoch(2));
    assert_eq!(end, Some(EpochEnd { epoch: LeaderEpoch(2), end_offset: Offset(1) }));
}

#[test]
fn truncating_at_the_end_still_forgets_an_epoch_without_records() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, None);
    append(&mut log, &mut storage, 3);
    log.assign_epoch_start(LeaderEpoch(5), Offset(3));
    assert!(log.take_epoch_checkpoint().is_some());
    assert!(log.take_epoch_checkpoint().is_none());
    log.truncate_to(&mut storage, Offset(7)).unwrap();
    assert_eq!(log.latest_epoch(), Some(LeaderEpoch(0)));
    let Some(FlushStep::Replace { path, content }) = log.take_epoch_checkpoint() else {
        panic!("it changed")
    };
    assert_eq!(path, "orders-0/leader-epoch-checkpoint");
    assert!(content.starts_with(b"0\n1\n0 0\ncrc32c "), "{content:?}");
}
