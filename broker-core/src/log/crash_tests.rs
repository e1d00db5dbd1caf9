//! A power loss at any moment, and another one while that is recovered: what was flushed stays, and nothing is there that
//! was not.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::producer_state::ProducerStateManager;
use super::{Log, LogConfig, Opening};
use crate::batch::RecordBatch;
use crate::config::FlushPolicy;
use crate::error::LogError;
use crate::testing::{self, Draws, MemStorage, PowerLoss};
use crate::types::{LeaderEpoch, Offset, TopicPartition};

pub(super) fn open(
    storage: &mut MemStorage,
    opening: Opening,
    recovery_point: Offset,
) -> Result<Log, LogError> {
    let config = LogConfig { segment_bytes: 600, flush: FlushPolicy::default(), retention_bytes: None };
    Log::open(storage, TopicPartition::new("t", 0), config, opening, recovery_point).map(|(log, _)| log)
}

/// Everything in a log.
pub(super) fn content(storage: &MemStorage, log: &Log) -> Result<Vec<RecordBatch>, LogError> {
    let (mut all, mut at) = (Vec::new(), log.start_offset());
    while at < log.end_offset() {
        all.extend(RecordBatch::all_from(log.read(storage, at, log.end_offset(), 1)?).unwrap());
        at = all.last().map_or(at, RecordBatch::end_offset);
    }
    Ok(all)
}

/// What these batches tell of their producers.
pub(super) fn producers(batches: &[RecordBatch]) -> ProducerStateManager {
    let mut producers = ProducerStateManager::default();
    batches.iter().for_each(|batch| producers.update(batch));
    producers
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Append {
        producer: i64,
        records: usize,
        bytes: usize,
    },
    /// A new leader epoch, with or without records.
    Lead,
    Flush,
    /// The recovery point is written down.
    Checkpoint,
    /// As followers do: cut, flush, write the recovery point down, and only then go on. The power may fail before.
    Truncate {
        to: Index,
        flushed: bool,
    },
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let append = (0i64..3, 1usize..4, prop_oneof![4 => 0usize..60, 1 => 300usize..900]);
    let step = prop_oneof![
        12 => append.prop_map(|(producer, records, bytes)| Step::Append { producer, records, bytes }),
        2 => Just(Step::Lead),
        2 => Just(Step::Flush),
        1 => Just(Step::Checkpoint),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(to, flushed)| Step::Truncate { to, flushed }),
    ];
    prop::collection::vec(step, 1..24)
}

/// A log and what is known of it.
///
/// * The first `durable` batches were flushed, and not cut since.
/// * What may be on the disk is a prefix of `batches`, or of one of `former`, as long as that was not flushed.
pub(super) struct Run {
    pub storage: MemStorage,
    pub log: Log,
    pub batches: Vec<RecordBatch>,
    former: Vec<Vec<RecordBatch>>,
    pub durable: usize,
    /// What the checkpoint says.
    pub checkpointed: Offset,
    epoch: i32,
    sequences: BTreeMap<i64, i32>,
}

impl Run {
    pub fn new() -> Run {
        let mut storage = MemStorage::default();
        let log = open(&mut storage, Opening::Clean, Offset::ZERO).unwrap();
        let (batches, former, sequences) = (Vec::new(), Vec::new(), BTreeMap::new());
        Run { storage, log, batches, former, durable: 0, checkpointed: Offset::ZERO, epoch: 0, sequences }
    }

    /// Whether it may go on; not if the power fails here.
    pub fn step(&mut self, step: &Step) -> bool {
        match step {
            Step::Append { producer, records, bytes } => self.append(*producer, *records, *bytes),
            Step::Lead => {
                self.epoch += 1;
                self.log.assign_epoch_start(LeaderEpoch(self.epoch), self.log.end_offset());
                self.storage.apply(&Vec::from_iter(self.log.take_epoch_checkpoint()));
            }
            Step::Flush => self.flush(),
            Step::Checkpoint => self.checkpointed = self.log.recovery_point(),
            Step::Truncate { to, flushed } => return self.truncate(to, *flushed),
        }
        true
    }

    fn append(&mut self, producer: i64, records: usize, bytes: usize) {
        let sequence = self.sequences.entry(producer).or_default();
        let value = format!("{}{}", self.epoch, "x".repeat(bytes));
        let batch = testing::idempotent_batch(&vec![value.as_str(); records], producer, 0, *sequence);
        *sequence += records as i32;
        let (at, epoch) = (self.log.end_offset(), LeaderEpoch(self.epoch));
        self.log.append_as_leader(&mut self.storage, batch.clone(), epoch).unwrap();
        self.batches.push(batch.placed_at(at, epoch));
    }

    fn flush(&mut self) {
        if let Some(plan) = self.log.start_flush() {
            self.storage.apply(&Vec::from_iter(self.log.take_epoch_checkpoint()));
            self.storage.apply(&plan.steps);
            self.log.finish_flush();
        }
        (self.durable, self.former) = (self.batches.len(), Vec::new());
    }

    fn truncate(&mut self, to: &Index, flushed: bool) -> bool {
        let to = Offset(to.index(self.log.end_offset().0 as usize + 1) as i64);
        self.former.push(self.batches.clone());
        self.log.truncate_to(&mut self.storage, to).unwrap();
        self.batches.retain(|batch| batch.end_offset() <= to);
        self.durable = self.durable.min(self.batches.len());
        if flushed {
            self.flush();
            self.checkpointed = self.log.recovery_point();
        }
        flushed
    }

    /// The log that is there now is one that may be: returns its batches.
    fn check(&self, storage: &MemStorage, log: &Log) -> Vec<RecordBatch> {
        let found = content(storage, log).expect("what was recovered can be read");
        assert_eq!(log.start_offset(), Offset::ZERO);
        let mut may_be = [&self.batches].into_iter().chain(&self.former);
        assert!(may_be.any(|batches| batches.starts_with(&found)), "never was: {found:?}");
        assert!(found.starts_with(&self.batches[..self.durable]), "{} of {}", found.len(), self.durable);
        for batch in &found {
            assert_eq!(log.epochs().epoch_at(batch.base_offset()), Some(batch.leader_epoch()));
        }
        assert!(log.epochs().entries().iter().all(|entry| entry.start_offset <= log.end_offset()));
        assert_eq!(log.producers(), &producers(&found));
        assert!(log.recovery_point() <= log.end_offset());
        found
    }

    /// Opens what the power loss left. Damage is found only where a truncation was under way; it loses nothing. With how
    /// it was opened.
    fn recovered(&self, storage: &mut MemStorage) -> Result<(Log, Opening, Offset), LogError> {
        let (opening, point) = match open(storage, Opening::Unclean, self.checkpointed) {
            Err(LogError::Corrupt { offset, .. }) if !self.former.is_empty() => {
                (Opening::Damaged, Offset(offset))
            }
            opened => return Ok((opened?, Opening::Unclean, self.checkpointed)),
        };
        Ok((open(storage, opening, point)?, opening, point))
    }

    /// Recovery dies after each of its operations, and then the power is lost once more.
    fn check_interrupted(&self, how: PowerLoss, sector_bytes: usize, draws: &mut Draws) {
        let mut whole = self.storage.clone();
        whole.heal();
        self.recovered(&mut whole).unwrap();
        for done in 0..whole.operations() {
            let mut storage = self.storage.clone();
            storage.fail_after(done);
            let error = self.recovered(&mut storage).expect_err("it dies");
            assert!(matches!(error, LogError::Storage(_)), "{error}");
            storage.heal();
            storage.lose_power(how, sector_bytes, draws);
            let (log, ..) = self.recovered(&mut storage).unwrap();
            self.check(&storage, &log);
        }
    }

    /// Goes on with what was recovered: as the next leader does.
    fn restart(&mut self) {
        let mut storage = std::mem::take(&mut self.storage);
        let (log, opening, point) = self.recovered(&mut storage).unwrap();
        (self.log, self.storage) = (log, storage);
        let found = self.check(&self.storage, &self.log);
        let again = open(&mut self.storage.clone(), opening, point).unwrap();
        assert_eq!(content(&self.storage, &again), Ok(found.clone()), "recovering twice changes nothing");
        assert_eq!((again.producers(), again.epochs()), (self.log.producers(), self.log.epochs()));
        self.epoch = self.epoch.max(self.log.latest_epoch().map_or(0, |epoch| epoch.0)) + 1;
        // What was lost is on the disk until the next flush cuts it there too.
        self.former.push(std::mem::replace(&mut self.batches, found));
        self.checkpointed = self.checkpointed.min(self.log.end_offset());
    }
}

fn losses() -> impl Strategy<Value = (PowerLoss, usize, u64)> {
    let how = prop_oneof![
        1 => Just(PowerLoss::Lost),
        2 => Just(PowerLoss::Torn),
        4 => Just(PowerLoss::Reordered),
    ];
    (how, prop_oneof![Just(16usize), Just(100), Just(512)], any::<u64>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_a_power_loss_leaves_is_recovered_to_what_was_written(
        lives in prop::collection::vec((steps(), losses()), 1..4),
    ) {
        let mut run = Run::new();
        for (steps, (how, sector_bytes, seed)) in &lives {
            for step in steps {
                if !run.step(step) {
                    break;
                }
            }
            let mut draws = Draws::new(*seed);
            run.storage.lose_power(*how, *sector_bytes, &mut draws);
            run.check_interrupted(*how, *sector_bytes, &mut draws);
            run.restart();
        }
    }
}
