//! A log compared with a plain list of batches: append, read, roll, truncate, retention, restarts.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::producer_state::ProducerStateManager;
use super::segment::Segment;
use super::{Log, LogConfig, Opening};
use crate::batch::RecordBatch;
use crate::config::FlushPolicy;
use crate::testing::{self, MemStorage};
use crate::types::{LeaderEpoch, Offset, TopicPartition};

#[derive(Clone, Debug)]
enum Step {
    Append {
        producer: i64,
        records: usize,
        bytes: usize,
        raise: i32,
    },
    Truncate(prop::sample::Index),
    StartAnew(prop::sample::Index),
    /// What `retention.bytes` deletes below this high watermark.
    Retain(prop::sample::Index),
    /// The leader's log start moved to the end of one of the batches.
    FollowStart(prop::sample::Index),
    Flush,
    Reopen(Opening),
}

fn steps() -> impl Strategy<Value = Step> {
    let sizes = prop_oneof![5 => 0usize..60, 1 => 4_000usize..9_000];
    let append = (0i64..3, 1usize..4, sizes, 0i32..2);
    prop_oneof![
        24 => append.prop_map(|(producer, records, bytes, raise)| Step::Append { producer, records, bytes, raise }),
        4 => any::<prop::sample::Index>().prop_map(Step::Truncate),
        1 => any::<prop::sample::Index>().prop_map(Step::StartAnew),
        4 => any::<prop::sample::Index>().prop_map(Step::Retain),
        2 => any::<prop::sample::Index>().prop_map(Step::FollowStart),
        4 => Just(Step::Flush),
        2 => Just(Step::Reopen(Opening::Unclean)),
        2 => Just(Step::Reopen(Opening::Clean)),
    ]
}

/// What ought to be.
///
/// * `batches` has everything ever appended and not truncated, also what was deleted.
#[derive(Default)]
struct Model {
    batches: Vec<RecordBatch>,
    start: Offset,
    end: Offset,
    epoch: i32,
    sequences: BTreeMap<i64, i32>,
    /// The producer state is that of the batches from here on.
    known_from: Offset,
    /// Snapshots on the disk: what was `known_from` when they were taken.
    snapshots: BTreeMap<Offset, Offset>,
}

impl Model {
    fn truncate(&mut self, to: Offset) {
        self.batches.retain(|batch| batch.end_offset() <= to);
        // No batch is cut in two; the deleted ones are in the list too, but for those that a new beginning forgot.
        self.end = self.batches.last().map_or(self.start, RecordBatch::end_offset);
    }

    /// Producer state is read back from the newest snapshot and the batches there still are. Older snapshots stay only at
    /// the base offsets of segments.
    fn restore(&mut self, bases: &[Offset]) {
        self.snapshots.retain(|at, _| bases[0] <= *at && *at <= self.end);
        let newest = self.snapshots.last_key_value().map(|(at, from)| (*at, *from));
        self.snapshots.retain(|at, _| bases.contains(at) || newest.is_some_and(|(newest, _)| newest == *at));
        self.known_from = newest.map_or(bases[0], |(_, from)| from);
    }

    fn producers(&self) -> ProducerStateManager {
        let mut producers = ProducerStateManager::default();
        let known = self.batches.iter().filter(|batch| self.known_from <= batch.base_offset());
        known.for_each(|batch| producers.update(batch));
        producers
    }
}

struct Run {
    storage: MemStorage,
    config: LogConfig,
    log: Log,
    model: Model,
}

impl Run {
    fn new(config: LogConfig) -> Run {
        let mut storage = MemStorage::default();
        let (opening, zero) = (Opening::Unclean, Offset::ZERO);
        let log = Log::open(&mut storage, TopicPartition::new("orders", 0), config, opening, zero).unwrap().0;
        Run { storage, config, log, model: Model::default() }
    }

    fn bases(&self) -> Vec<Offset> {
        self.log.segments.iter().map(Segment::base_offset).collect()
    }

    /// An offset at which a batch ends that is in the log, or the start.
    fn boundary(&self, index: &prop::sample::Index) -> Offset {
        let ends = self.model.batches.iter().map(RecordBatch::end_offset);
        let mut ends: Vec<Offset> = ends.filter(|end| self.model.start < *end).collect();
        ends.push(self.model.start);
        ends[index.index(ends.len())]
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Append { producer, records, bytes, raise } => {
                self.append(*producer, *records, *bytes, *raise);
            }
            Step::Truncate(to) => {
                let (start, end) = (self.model.start.0, self.model.end.0);
                let to = Offset(start + to.index((end - start) as usize + 1) as i64);
                self.log.truncate_to(&mut self.storage, to).unwrap();
                let before = self.model.end;
                if to < before {
                    self.model.truncate(to);
                    self.model.restore(&self.bases());
                }
            }
            Step::StartAnew(at) => {
                let at = Offset(at.index(self.model.end.0 as usize + 5) as i64);
                self.log.truncate_fully_and_start_at(&mut self.storage, at).unwrap();
                let (epoch, sequences) = (self.model.epoch, std::mem::take(&mut self.model.sequences));
                self.model =
                    Model { start: at, end: at, known_from: at, epoch, sequences, ..Model::default() };
            }
            Step::Retain(high_watermark) => {
                let high_watermark = self.boundary(high_watermark);
                let start = self.log.retention_start_offset(high_watermark);
                assert!(start <= high_watermark.max(self.model.start));
                self.move_start(start);
            }
            Step::FollowStart(to) => self.move_start(self.boundary(to)),
            Step::Flush => self.flush(),
            Step::Reopen(opening) => self.reopen(*opening),
        }
        // As a broker does, at once.
        self.storage.apply(&Vec::from_iter(self.log.take_epoch_checkpoint()));
    }

    fn append(&mut self, producer: i64, records: usize, bytes: usize, raise: i32) {
        let Model { end, epoch, sequences, .. } = &mut self.model;
        *epoch += raise;
        let sequence = sequences.entry(producer).or_default();
        let value = "x".repeat(bytes);
        let batch = testing::idempotent_batch(&vec![value.as_str(); records], producer, 0, *sequence);
        *sequence += records as i32;
        let (at, epoch) = (*end, LeaderEpoch(*epoch));
        let appended = self.log.append_as_leader(&mut self.storage, batch.clone(), epoch).unwrap();
        assert_eq!(appended.base_offset, at);
        if let Some(base_offset) = appended.rolled {
            self.model.snapshots.insert(base_offset, self.model.known_from);
        }
        self.model.batches.push(batch.placed_at(at, epoch));
        self.model.end = appended.end_offset;
    }

    fn move_start(&mut self, to: Offset) {
        assert_eq!(self.log.increment_start_offset(to), self.model.start < to);
        self.model.start = self.model.start.max(to);
        let before = self.log.segments.len();
        let deleted = self.log.delete_old_segments(&mut self.storage, self.model.start).unwrap();
        assert_eq!(self.log.segments.len(), before - deleted);
        assert!(self.log.segments.len() == 1 || self.model.start < self.log.segments[0].end_offset());
        let first_base = self.bases()[0];
        self.model.snapshots.retain(|at, _| first_base <= *at);
    }

    fn flush(&mut self) {
        if let Some(plan) = self.log.start_flush() {
            self.storage.apply(&plan.steps);
            self.log.finish_flush();
        }
        assert!(self.log.recovery_point() == self.model.end && !self.log.unflushed());
    }

    fn reopen(&mut self, opening: Opening) {
        let mut recovery_point = self.log.recovery_point();
        if opening == Opening::Clean {
            self.storage.apply(&self.log.shutdown_steps());
            if self.bases()[0] < self.model.end {
                self.model.snapshots.insert(self.model.end, self.model.known_from);
            }
            recovery_point = self.model.end;
            self.storage.lose_unflushed();
        }
        let (orders, start) = (self.log.topic_partition().clone(), self.model.start);
        let opened = Log::open_from(&mut self.storage, orders, self.config, opening, recovery_point, start);
        self.log = opened.unwrap().0;
        self.model.restore(&self.bases());
    }

    fn check(&self) {
        let Run { log, model, config, .. } = self;
        assert_eq!((log.start_offset(), log.end_offset()), (model.start, model.end));
        assert_eq!(log.producers(), &model.producers());
        let newest = model.batches.last().filter(|_| model.start < model.end);
        assert!(newest.is_none_or(|newest| log.latest_epoch() == Some(newest.leader_epoch())));
        let one_batch = |base, end| {
            model.batches.iter().any(|batch| (batch.base_offset(), batch.end_offset()) == (base, end))
        };
        for segment in &log.segments {
            let (base, end) = (segment.base_offset(), segment.end_offset());
            assert!(segment.size() <= config.segment_bytes || one_batch(base, end));
        }
    }

    fn check_read(&self, from: Offset, to: Offset, max_bytes: usize) {
        let read = self.log.read(&self.storage, from, to, max_bytes).unwrap();
        let read = RecordBatch::all_from(read).unwrap();
        let expected = naive_read(&self.model.batches, from, to, max_bytes);
        let stopped = read.last().map_or(from, RecordBatch::end_offset);
        let at_segment_end = self.log.segments.iter().any(|segment| segment.base_offset() == stopped);
        let whole = read.len() == expected.len() || (at_segment_end && !read.is_empty());
        assert!(whole, "{from}..{to} {max_bytes}");
        assert!(read.iter().zip(expected).all(|(ours, theirs)| ours == theirs), "{from}..{to} {max_bytes}");
    }
}

/// The naive read: batch by batch through the whole list.
fn naive_read(model: &[RecordBatch], from: Offset, to: Offset, max_bytes: usize) -> Vec<&RecordBatch> {
    let mut bytes = 0;
    let wanted = model.iter().skip_while(|batch| batch.end_offset() <= from);
    let wanted = wanted.take_while(|batch| from < to && batch.end_offset() <= to);
    let fits = |batch: &&RecordBatch| {
        bytes += batch.bytes().len();
        bytes == batch.bytes().len() || bytes <= max_bytes
    };
    wanted.take_while(fits).collect()
}

type Read = (prop::sample::Index, prop::sample::Index, usize);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn agrees_with_a_list_of_batches(
        segment_bytes in prop_oneof![Just(1u64), Just(300), Just(20_000)],
        retention_bytes in prop_oneof![Just(0u64), Just(700), Just(30_000)],
        steps in prop::collection::vec(steps(), 1..60),
        reads in prop::collection::vec(any::<Read>().prop_map(|(from, to, max)| (from, to, max % 12_000)), 20),
    ) {
        let flush = FlushPolicy { interval_messages: Some(4), ..FlushPolicy::default() };
        let mut run = Run::new(LogConfig { segment_bytes, flush, retention_bytes: Some(retention_bytes) });
        for step in &steps {
            run.step(step);
            run.check();
        }
        let (start, end) = (run.model.start.0, run.model.end.0);
        for (from, to, max_bytes) in reads {
            let from = start + from.index((end - start) as usize + 1) as i64;
            run.check_read(Offset(from), Offset(to.index(end as usize + 3) as i64), max_bytes);
        }
        prop_assert!(run.log.read(&run.storage, Offset(end + 1), Offset(end + 2), 1).is_err());
        prop_assert!(run.log.read(&run.storage, Offset(start - 1), Offset(end), 1).is_err());
    }
}
