//! What a snapshot of producer state is worth.

use proptest::prelude::*;

use super::*;
use crate::batch::RecordBatch;
use crate::config::FlushPolicy;
use crate::log::{Log, LogConfig, Opening, SequenceCheck};
use crate::testing::{self, MemStorage};
use crate::types::TopicPartition;

/// Two batches of one record in a segment.
const CONFIG: LogConfig = LogConfig {
    segment_bytes: 150,
    flush: FlushPolicy { interval_messages: None, interval: None, group_commit: false },
    retention_bytes: None,
};

fn open(storage: &mut MemStorage) -> Log {
    open_at(storage, Offset::ZERO)
}

fn open_at(storage: &mut MemStorage, start: Offset) -> Log {
    let (t, none) = (TopicPartition::new("t", 0), Offset::ZERO);
    Log::open_from(storage, t, CONFIG, Opening::Unclean, none, start).unwrap().0
}

/// Message `sequence` of the only producer.
fn sent(sequence: i32) -> RecordBatch {
    testing::idempotent_batch(&["xx"], 7, 0, sequence)
}

fn append(storage: &mut MemStorage, log: &mut Log, epoch: i32, sequences: std::ops::Range<i32>) {
    for sequence in sequences {
        log.append_as_leader(storage, sent(sequence), LeaderEpoch(epoch)).unwrap();
        if log.flush_due() {
            flush(storage, log);
        }
    }
}

fn flush(storage: &mut MemStorage, log: &mut Log) {
    if let Some(plan) = log.start_flush() {
        storage.apply(&plan.steps);
        log.finish_flush();
    }
}

fn snapshots(storage: &MemStorage) -> Vec<i64> {
    offsets(storage, "t-0").unwrap().iter().map(|offset| offset.0).collect()
}

fn knows(log: &Log, sequence: i32) -> bool {
    matches!(log.producers().check(&sent(sequence)), Ok(SequenceCheck::Duplicate { .. }))
}

#[test]
fn a_snapshot_is_written_with_the_flush_of_each_roll_and_at_the_end() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage);
    append(&mut storage, &mut log, 0, 0..7);
    assert_eq!(snapshots(&storage), [2, 4, 6]);
    storage.apply(&log.shutdown_steps());
    assert_eq!(snapshots(&storage), [2, 4, 6, 7]);
    storage.lose_unflushed();
    assert_eq!(open(&mut storage).producers(), log.producers());
    assert_eq!(snapshots(&storage), [2, 4, 6, 7], "all of them durable");
}

#[test]
fn producers_are_known_after_their_batches_were_deleted() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage);
    append(&mut storage, &mut log, 0, 0..1);
    for other in 0..7 {
        let batch = testing::idempotent_batch(&["xx"], 8, 0, other);
        log.append_as_leader(&mut storage, batch, LeaderEpoch(0)).unwrap();
        flush(&mut storage, &mut log);
    }
    log.increment_start_offset(Offset(6));
    log.delete_old_segments(&mut storage, Offset(6)).unwrap();
    assert_eq!(snapshots(&storage), [6], "those of deleted segments go with them");
    assert!(knows(&log, 0), "KAFKA-7190");
    assert_eq!(open_at(&mut storage, Offset(6)).producers(), log.producers());
    storage.remove(&path("t-0", Offset(6))).unwrap();
    assert!(!knows(&open_at(&mut storage, Offset(6)), 0), "the batches alone do not tell");
}

#[test]
fn truncation_goes_back_to_the_snapshot_below_and_removes_those_above() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage);
    append(&mut storage, &mut log, 0, 0..9);
    log.truncate_to(&mut storage, Offset(5)).unwrap();
    assert_eq!(snapshots(&storage), [2, 4]);
    assert!(knows(&log, 4) && !knows(&log, 5));
    append(&mut storage, &mut log, 1, 5..6);
    assert!(knows(&log, 5));
}

#[test]
fn an_unreadable_snapshot_is_skipped_and_an_older_one_taken() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage);
    append(&mut storage, &mut log, 0, 0..7);
    for (damaged, left) in [(6, vec![2, 4]), (4, vec![2]), (2, vec![])] {
        storage.damage(&path("t-0", Offset(damaged)), |content| *content.last_mut().unwrap() ^= 1);
        let again = open(&mut storage);
        assert_eq!(again.producers(), log.producers());
        assert_eq!(snapshots(&storage), left);
    }
}

#[test]
fn a_snapshot_of_a_history_that_was_cut_is_not_believed() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage);
    append(&mut storage, &mut log, 0, 0..5);
    let stale = storage.read_file(&path("t-0", Offset(4))).unwrap().unwrap();
    log.truncate_to(&mut storage, Offset(2)).unwrap();
    for other in 0..3 {
        let batch = testing::idempotent_batch(&["xx"], 8, 0, other);
        log.append_as_leader(&mut storage, batch, LeaderEpoch(3)).unwrap();
        flush(&mut storage, &mut log);
    }
    // The removal was not durable when the power failed.
    storage.apply(&[FlushStep::Replace { path: path("t-0", Offset(4)), content: stale }]);
    let again = open(&mut storage);
    assert_eq!(again.producers(), log.producers());
    assert!(!knows(&again, 3));
    assert_eq!(snapshots(&storage), [2]);
}

#[test]
fn snapshots_between_segments_stay_only_if_newest() {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage);
    append(&mut storage, &mut log, 0, 0..3);
    storage.apply(&log.shutdown_steps());
    let mut log = open(&mut storage);
    assert_eq!(snapshots(&storage), [2, 3]);
    append(&mut storage, &mut log, 0, 3..5);
    assert_eq!(snapshots(&storage), [2, 3, 4]);
    open(&mut storage);
    assert_eq!(snapshots(&storage), [2, 4]);
}

#[derive(Clone, Debug)]
enum Step {
    Append { producer: i64, records: usize },
    Truncate(prop::sample::Index),
    Flush,
    PowerLoss,
    CleanRestart,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0i64..3, 1usize..3).prop_map(|(producer, records)| Step::Append { producer, records }),
        2 => any::<prop::sample::Index>().prop_map(Step::Truncate),
        3 => Just(Step::Flush),
        1 => Just(Step::PowerLoss),
        1 => Just(Step::CleanRestart),
    ]
}

/// The naive state: every batch there is, one after the other.
fn replayed(storage: &MemStorage, log: &Log) -> ProducerStateManager {
    let (mut producers, mut at) = (ProducerStateManager::default(), log.start_offset());
    while at < log.end_offset() {
        let bytes = log.read(storage, at, log.end_offset(), usize::MAX).unwrap();
        for batch in RecordBatch::all_from(bytes).unwrap() {
            at = batch.end_offset();
            producers.update(&batch);
        }
    }
    producers
}

fn states() -> impl Strategy<Value = ProducerStateManager> {
    let batch = (0..=i32::MAX, 0..=i32::MAX, any::<i64>(), any::<i64>());
    let batch = batch.prop_map(|(base_sequence, last_sequence, base_offset, last_offset)| RetainedBatch {
        base_sequence: Sequence(base_sequence),
        last_sequence: Sequence(last_sequence),
        base_offset: Offset(base_offset),
        last_offset: Offset(last_offset),
    });
    let batches = prop::collection::vec_deque(batch, 1..=BATCHES_RETAINED);
    let entry = (any::<i16>(), any::<i64>(), batches).prop_map(|(epoch, last_timestamp_ms, batches)| {
        ProducerEntry { epoch: ProducerEpoch(epoch), last_timestamp_ms, batches }
    });
    let producers = prop::collection::btree_map(any::<i64>().prop_map(ProducerId), entry, 0..5);
    producers.prop_map(|producers| ProducerStateManager { producers })
}

proptest! {
    #[test]
    fn whatever_happens_the_state_is_that_of_the_batches_there_are(
        steps in prop::collection::vec(steps(), 1..60),
    ) {
        let mut storage = MemStorage::default();
        let mut log = open(&mut storage);
        let (mut epoch, mut sequences) = (0, [0; 3]);
        for step in steps {
            match step {
                Step::Append { producer, records } => {
                    let sequence = &mut sequences[producer as usize];
                    let batch = testing::idempotent_batch(&vec!["xx"; records], producer, 0, *sequence);
                    *sequence += records as i32;
                    log.append_as_leader(&mut storage, batch, LeaderEpoch(epoch)).unwrap();
                }
                Step::Truncate(to) => {
                    let to = Offset(to.index(log.end_offset().0 as usize + 1) as i64);
                    log.truncate_to(&mut storage, to).unwrap();
                    // Nothing is appended before the cut is durable, and then by another leader.
                    flush(&mut storage, &mut log);
                    epoch += 1;
                }
                Step::Flush => flush(&mut storage, &mut log),
                Step::PowerLoss => {
                    storage.lose_unflushed();
                    log = open(&mut storage);
                    epoch += 1;
                }
                Step::CleanRestart => {
                    storage.apply(&log.shutdown_steps());
                    storage.lose_unflushed();
                    let (key, end) = (log.topic_partition().clone(), log.end_offset());
                    log = Log::open(&mut storage, key, CONFIG, Opening::Clean, end).unwrap().0;
                    prop_assert_eq!(log.end_offset(), end);
                }
            }
            prop_assert_eq!(log.producers(), &replayed(&storage, &log));
        }
    }

    #[test]
    fn snapshots_survive_the_round_trip_and_nothing_less_or_other_passes_for_one(
        state in states(), epoch in any::<i32>(), cut in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        let content = encode(LeaderEpoch(epoch), &state);
        prop_assert_eq!(decode(&content), Some((LeaderEpoch(epoch), state)));
        let at = cut.index(content.len());
        prop_assert_eq!(decode(&content[..at]), None);
        let mut flipped = content.to_vec();
        flipped[at] ^= 1 << bit;
        prop_assert_eq!(decode(&flipped), None);
    }

    #[test]
    fn random_bytes_never_panic_even_with_a_right_checksum(
        rest in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..80),
    ) {
        let _ = decode(&rest);
        let mut content = VERSION.to_be_bytes().to_vec();
        content.extend(crc32c::crc32c(&rest).to_be_bytes());
        content.extend(rest);
        let _ = decode(&content);
    }
}
