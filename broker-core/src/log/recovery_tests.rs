//! What is left of a log after each kind of stop.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::batch::RecordBatch;
use crate::config::FlushPolicy;
use crate::io::FlushStep;
use crate::log::{Log, LogConfig};
use crate::testing::{self, MemStorage};
use crate::types::TopicPartition;

const CONFIG: LogConfig = LogConfig {
    segment_bytes: 200,
    flush: FlushPolicy { interval_messages: None, interval: None, group_commit: false },
    retention_bytes: None,
};

fn open(
    storage: &mut MemStorage,
    opening: Opening,
    recovery_point: Offset,
) -> Result<(Log, RecoveryReport), LogError> {
    Log::open(storage, TopicPartition::new("t", 0), CONFIG, opening, recovery_point)
}

/// A log of one-record batches, each with the leader epoch given; 70 bytes each, so two in a segment.
fn written(epochs: &[i32]) -> (MemStorage, Log) {
    let mut storage = MemStorage::default();
    let (mut log, _) = open(&mut storage, Opening::Unclean, Offset::ZERO).unwrap();
    for epoch in epochs {
        log.append_as_leader(&mut storage, testing::batch(&["xx"]), LeaderEpoch(*epoch)).unwrap();
    }
    (storage, log)
}

fn flush(storage: &mut MemStorage, log: &mut Log) {
    if let Some(plan) = log.start_flush() {
        storage.apply(&plan.steps);
        log.finish_flush();
    }
    storage.apply(&Vec::from_iter(log.take_epoch_checkpoint()));
}

fn content(storage: &MemStorage, log: &Log, to: Offset) -> Vec<u8> {
    let (mut all, mut at) = (Vec::new(), log.start_offset());
    loop {
        let bytes = log.read(storage, at, to, usize::MAX).unwrap();
        let Some(last) = RecordBatch::all_from(bytes.clone()).unwrap().pop() else { return all };
        at = last.end_offset();
        all.extend_from_slice(&bytes);
    }
}

const SECOND: &str = "t-0/00000000000000000002.log";

#[test]
fn an_unclean_log_is_cut_at_the_first_bad_checksum_and_later_segments_go() {
    let (mut storage, _) = written(&[0; 7]);
    storage.damage(SECOND, |bytes| *bytes.last_mut().unwrap() ^= 1);
    let (log, report) = open(&mut storage, Opening::Unclean, Offset(2)).unwrap();
    assert_eq!((report.end_offset, report.recovery_point), (Offset(3), Offset(2)));
    assert_eq!(report.dropped_segments, 2);
    assert!(0 < report.cut_bytes);
    assert_eq!(content(&storage, &log, Offset(9)).len() as u64 % 3, 0);
    let (_, again) = open(&mut storage, Opening::Unclean, Offset(2)).unwrap();
    assert_eq!((again.cut_bytes, again.dropped_segments, again.end_offset), (0, 0, Offset(3)));
}

#[test]
fn below_the_recovery_point_checksums_are_believed_but_gaps_are_errors() {
    let (mut storage, _) = written(&[0; 7]);
    let undamaged = storage.clone();
    storage.damage(SECOND, |bytes| *bytes.last_mut().unwrap() ^= 1);
    for (opening, recovery_point) in [(Opening::Clean, 0), (Opening::Unclean, 4)] {
        let (log, report) = open(&mut storage, opening, Offset(recovery_point)).unwrap();
        assert_eq!((report.cut_bytes, log.end_offset()), (0, Offset(7)));
    }
    let mut storage = undamaged;
    storage.remove(SECOND).unwrap();
    for (opening, recovery_point) in [(Opening::Clean, 0), (Opening::Unclean, 4)] {
        let error = open(&mut storage, opening, Offset(recovery_point)).unwrap_err();
        let reason = BatchError::BaseOffset { expected: 2, actual: 4 };
        assert_eq!(error, LogError::Corrupt { offset: 2, reason });
    }
    let (log, report) = open(&mut storage, Opening::Damaged, Offset(4)).unwrap();
    assert_eq!((log.end_offset(), report.dropped_segments), (Offset(2), 2), "the way out");
    assert_eq!((log.recovery_point(), log.truncation_pending()), (Offset(0), true), "nothing is believed");
}

#[test]
fn a_segment_that_came_back_with_an_older_epoch_is_cut() {
    let (mut storage, mut log) = written(&[0, 5, 5, 5]);
    flush(&mut storage, &mut log);
    log.truncate_to(&mut storage, Offset(1)).unwrap();
    log.append_as_leader(&mut storage, testing::batch(&["xx"]), LeaderEpoch(6)).unwrap();
    let first = log.start_flush().unwrap().steps.remove(0);
    storage.apply(&[first]); // the power fails before the directory is synced
    storage.lose_unflushed();
    assert_eq!(storage.list("t-0").unwrap().iter().filter(|name| name.ends_with(".log")).count(), 2);
    let (log, report) = open(&mut storage, Opening::Unclean, Offset(1)).unwrap();
    assert_eq!((log.end_offset(), report.dropped_segments), (Offset(2), 0));
    assert_eq!(log.latest_epoch(), Some(LeaderEpoch(6)));
}

#[test]
fn batches_tell_epochs_and_the_checkpoint_only_one_that_begins_at_the_very_end() {
    let (mut storage, mut log) = written(&[0, 0, 3]);
    flush(&mut storage, &mut log);
    log.append_as_leader(&mut storage, testing::batch(&["xx"]), LeaderEpoch(4)).unwrap();
    log.assign_epoch_start(LeaderEpoch(7), Offset(4));
    let path = "t-0/leader-epoch-checkpoint";
    let numbers = |log: &Log| -> Vec<_> {
        log.epochs().entries().iter().map(|entry| (entry.epoch.0, entry.start_offset.0)).collect()
    };
    let (log, _) = open(&mut storage, Opening::Unclean, Offset(3)).unwrap();
    assert_eq!(numbers(&log), [(0, 0), (3, 2), (4, 3)], "epoch 7 was never written down");

    for (checkpoint, expected, rewritten) in [
        ("0\n2\n1 0\n7 4\n", vec![(0, 0), (3, 2), (4, 3), (7, 4)], true), // stale, but for its last line
        ("0\n2\n1 0\n9 5\n", vec![(0, 0), (3, 2), (4, 3)], true), // its last line starts above the end
        ("0\n2\n1 0\n9 2\n", vec![(0, 0), (3, 2), (4, 3)], true), // its last line starts below the end
        ("0\n4\n0 0\n3 2\n4 3\n7 4\n", vec![(0, 0), (3, 2), (4, 3), (7, 4)], false), // right
        ("0\n3\n1 0\n", vec![(0, 0), (3, 2), (4, 3)], true),      // unreadable
    ] {
        storage.apply(&[FlushStep::Replace { path: path.into(), content: checkpoint.into() }]);
        let (mut log, _) = open(&mut storage, Opening::Unclean, Offset(3)).unwrap();
        assert_eq!(numbers(&log), expected, "{checkpoint:?}");
        assert_eq!(log.take_epoch_checkpoint().is_some(), rewritten, "{checkpoint:?}");
    }
}

#[test]
fn a_recovery_point_above_the_end_is_clipped() {
    let (mut storage, _) = written(&[0; 3]);
    let (log, report) = open(&mut storage, Opening::Unclean, Offset(90)).unwrap();
    assert_eq!((report.recovery_point, log.recovery_point()), (Offset(3), Offset(3)));
}

#[derive(Clone, Debug)]
enum Loss {
    Power,
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
}

fn losses() -> impl Strategy<Value = Loss> {
    prop_oneof![
        Just(Loss::Power),
        any::<prop::sample::Index>().prop_map(Loss::Cut),
        (any::<prop::sample::Index>(), 0u8..8).prop_map(|(at, bit)| Loss::Flip(at, bit)),
    ]
}

/// Does it to the unflushed part of one segment, if there is one.
fn lose(storage: &mut MemStorage, durable: &MemStorage, loss: &Loss) {
    if let Loss::Power = loss {
        storage.lose_unflushed();
        return;
    }
    let names = storage.list("t-0").unwrap();
    let path = |name: &String| format!("t-0/{name}");
    let size =
        |storage: &MemStorage, path: &str| storage.read_file(path).unwrap().map_or(0, |bytes| bytes.len());
    let grown = names.iter().map(path).filter(|path| path.ends_with(".log"));
    let grown: Vec<_> = grown.filter(|path| size(durable, path) < size(storage, path)).collect();
    let Some(path) = grown.last() else { return };
    let from = size(durable, path);
    storage.damage(path, |bytes| match loss {
        Loss::Cut(at) => bytes.truncate(from + at.index(bytes.len() - from)),
        Loss::Flip(at, bit) => {
            let at = from + at.index(bytes.len() - from);
            bytes[at] ^= 1 << bit;
        }
        Loss::Power => unreachable!(),
    });
}

/// Whether byte `at` of these batches is part of a leader epoch.
fn in_leader_epoch(batches: &[u8], at: usize) -> bool {
    let mut start = 0;
    for batch in RecordBatch::all_from(Bytes::copy_from_slice(batches)).unwrap() {
        let end = start + batch.bytes().len();
        if at < end {
            return (start + 12..start + 16).contains(&at);
        }
        start = end;
    }
    false
}

proptest! {
    #[test]
    fn what_was_flushed_stays_and_what_is_kept_is_a_prefix(
        flushed in prop::collection::vec((1usize..4, 0i32..2), 0..8),
        unflushed in prop::collection::vec((1usize..4, 0i32..2), 0..8),
        loss in losses(),
    ) {
        let (mut storage, mut log) = written(&[]);
        let mut epoch = 0;
        let mut append = |storage: &mut MemStorage, log: &mut Log, (records, raise): (usize, i32)| {
            epoch += raise;
            let batch = testing::batch(&vec!["value"; records]);
            log.append_as_leader(storage, batch, LeaderEpoch(epoch)).unwrap();
        };
        for step in flushed {
            append(&mut storage, &mut log, step);
        }
        flush(&mut storage, &mut log);
        let (recovery_point, durable) = (log.recovery_point(), storage.clone());
        prop_assert_eq!(recovery_point, log.end_offset());
        for step in unflushed {
            append(&mut storage, &mut log, step);
        }
        let before = content(&storage, &log, log.end_offset());
        let below = content(&storage, &log, recovery_point);
        let epochs = log.epochs().clone();

        lose(&mut storage, &durable, &loss);
        let (log, report) = open(&mut storage, Opening::Unclean, recovery_point).unwrap();
        let after = content(&storage, &log, log.end_offset());
        prop_assert_eq!(report.end_offset, log.end_offset());
        prop_assert!(recovery_point <= log.end_offset());
        prop_assert_eq!(content(&storage, &log, recovery_point), below);
        // The leader epoch is outside the checksum: a flipped bit in it is noticed only if it makes epochs go back.
        let flipped = before.iter().zip(&after).position(|(was, is)| was != is);
        if let Some(at) = flipped {
            prop_assert!(matches!(loss, Loss::Flip(..)), "byte {} changed", at);
            prop_assert!(in_leader_epoch(&before, at), "byte {} changed", at);
            prop_assert!(after.len() <= before.len());
            return Ok(());
        }
        prop_assert!(before.starts_with(&after), "{} of {} bytes", after.len(), before.len());
        for entry in log.epochs().entries() {
            prop_assert!(entry.start_offset < log.end_offset());
            prop_assert!(epochs.entries().contains(entry), "{:?}", entry);
        }
    }
}
