//! The log of one topic partition: Kafka's `UnifiedLog` and `LocalLog`.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::checkpoint::{LEADER_EPOCH_CHECKPOINT, encode_epochs};
use super::epoch_cache::{EpochEnd, LeaderEpochCache};
use super::flush::{FlushPlan, FlushState, Names};
use super::producer_snapshot;
use super::producer_state::ProducerStateManager;
use super::recovery::{Opening, RecoveryReport, recover};
use super::segment::Segment;
use crate::batch::RecordBatch;
use crate::config::{FlushPolicy, TopicConfig};
use crate::error::{BatchError, LogError};
use crate::io::{FileId, FlushStep, Storage};
use crate::time::Timestamp;
use crate::types::{LeaderEpoch, Offset, ProducerId, TopicPartition};

/// Settings of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `segment.bytes`: an append that would make the active segment larger starts a new one.
    pub segment_bytes: u64,
    /// `flush.messages`, `flush.ms` and `flush.group.commit.enable`. Time is the owner's business.
    pub flush: FlushPolicy,
    /// `retention.bytes`: old segments may go as long as at least this much stays. `None`: everything stays.
    pub retention_bytes: Option<u64>,
}

impl From<&TopicConfig> for LogConfig {
    fn from(topic: &TopicConfig) -> Self {
        LogConfig {
            segment_bytes: topic.segment_bytes,
            flush: topic.flush,
            retention_bytes: topic.retention_bytes,
        }
    }
}

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the batch's first record.
    pub base_offset: Offset,
    /// Log end offset now.
    pub end_offset: Offset,
    /// Base offset of the segment that was started for it, if one was.
    pub rolled: Option<Offset>,
}

/// The batches of one topic partition, in segments, with what is known about them.
///
/// * At least one segment; each begins where the one before it ends; only the last is appended to.
/// * First base offset <= start <= end: segments wholly below the start wait for their deletion.
/// * Recovery point <= countable end <= end. The start may be above the recovery point: what was deleted need not be
///   durable.
/// * Leader epochs of batches never go back, and the epoch cache knows them.
/// * The producer state is that of the batches in the log, and of those deleted before it as far as it was kept.
/// * After an error of the disk the log is as it was, as far as it can tell: its owner takes the directory offline.
#[derive(Debug)]
pub struct Log {
    pub(super) topic_partition: TopicPartition,
    pub(super) directory: String,
    pub(super) config: LogConfig,
    pub(super) start_offset: Offset,
    pub(super) segments: Vec<Segment>,
    pub(super) epochs: LeaderEpochCache,
    pub(super) epoch_checkpoint: EpochCheckpoint,
    pub(super) producers: ProducerStateManager,
    /// Snapshots of producer state that the next flush makes durable, by their offsets.
    pub(super) unflushed_snapshots: BTreeMap<Offset, FileId>,
    pub(super) flush: FlushState,
}

/// Whether the epoch cache is as it was last handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EpochCheckpoint {
    UpToDate,
    Stale,
}

impl Log {
    /// Opens a log that begins where its first segment does: [`Log::open_from`] without a checkpointed start.
    ///
    /// # Errors
    /// As for [`Log::open_from`].
    pub fn open(
        storage: &mut dyn Storage,
        topic_partition: TopicPartition,
        config: LogConfig,
        opening: Opening,
        recovery_point: Offset,
    ) -> Result<(Log, RecoveryReport), LogError> {
        Log::open_from(storage, topic_partition, config, opening, recovery_point, Offset::ZERO)
    }

    /// Opens the log, creating it if it is not there. Everything below `recovery_point` (from the checkpoint, 0 if there
    /// is none) is believed to be durable; an [`Opening::Unclean`] one checks, and cuts, only what is above. One that
    /// is too high for the log is clipped. An [`Opening::Unknown`] one has no recovery point, and for an
    /// [`Opening::Damaged`] one it is where the log was found bad.
    ///
    /// The log starts at `start_offset` (from its checkpoint, 0 if there is none) or where its first segment does,
    /// whichever is later. If it ends below, nothing in it is of any use, and it begins anew there.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] if what was durable, or cleanly closed, is not a chain of batches; nothing that
    /// may have been durable was changed then. A caller who has noted that opens it again as [`Opening::Damaged`], which is never corrupt.
    /// [`LogError::Storage`].
    pub fn open_from(
        storage: &mut dyn Storage,
        topic_partition: TopicPartition,
        config: LogConfig,
        opening: Opening,
        recovery_point: Offset,
        start_offset: Offset,
    ) -> Result<(Log, RecoveryReport), LogError> {
        let directory = topic_partition.to_string();
        let recovered = recover(storage, &directory, opening, recovery_point, start_offset)?;
        let mut report = recovered.report;
        // Nobody can say whether the names were durable before the stop; syncing them once more costs little.
        let empty = recovered.segments[0].base_offset() == report.end_offset;
        let names = match opening {
            Opening::Clean if report.recovery_point == report.end_offset && !empty => Names::Synced,
            Opening::Clean | Opening::Unclean | Opening::Unknown | Opening::Damaged => Names::Changed,
        };
        let epoch_checkpoint =
            if recovered.epochs_on_disk { EpochCheckpoint::UpToDate } else { EpochCheckpoint::Stale };
        let mut log = Log {
            topic_partition,
            directory,
            config,
            start_offset: recovered.segments[0].base_offset(),
            segments: recovered.segments,
            epochs: recovered.epochs,
            epoch_checkpoint,
            producers: ProducerStateManager::default(),
            unflushed_snapshots: BTreeMap::new(),
            flush: FlushState::new(config.flush, report.recovery_point, report.end_offset, names),
        };
        if opening == Opening::Damaged {
            // The checkpoint speaks of a log that is no more, as after a truncation.
            log.flush.truncated(report.end_offset);
        }
        if log.end_offset() < start_offset {
            log.truncate_fully_and_start_at(storage, start_offset)?;
            (report.end_offset, report.recovery_point) = (log.end_offset(), log.recovery_point());
        } else {
            log.restore_producers(storage)?;
            log.increment_start_offset(start_offset);
            if names == Names::Changed {
                // The process before may have died between a roll and its flush.
                log.unflushed_snapshots = producer_snapshot::files(storage, &log.directory)?;
            }
        }
        Ok((log, report))
    }

    /// Other settings are in force: those of the topic, once it is known which topic that is.
    pub fn configure(&mut self, config: LogConfig) {
        self.config = config;
        let end = self.end_offset();
        self.flush.configure(config.flush, end);
    }

    /// Whose log it is.
    pub fn topic_partition(&self) -> &TopicPartition {
        &self.topic_partition
    }

    /// Log start offset: nothing below can be read.
    pub fn start_offset(&self) -> Offset {
        self.start_offset
    }

    /// Log end offset: that of the next record.
    pub fn end_offset(&self) -> Offset {
        self.active().end_offset()
    }

    /// Everything below is durable.
    pub fn recovery_point(&self) -> Offset {
        self.flush.recovery_point()
    }

    /// The end of what replication may count: the log end, unless `flush.messages` holds back an append and all after
    /// it until they are flushed. Kafka blocks inside such an append: neither the leader's high watermark nor a
    /// follower's next fetch offset can know of it. Goes back only by truncation.
    pub fn countable_end_offset(&self) -> Offset {
        self.flush.countable_end(self.end_offset())
    }

    /// The end of what a leader may acknowledge as far as this log is concerned: the log end, with group commit the
    /// recovery point. Replication does not ask for it.
    pub fn acknowledgeable_end_offset(&self) -> Offset {
        self.flush.acknowledgeable_end(self.end_offset())
    }

    /// The newest leader epoch, with or without records.
    pub fn latest_epoch(&self) -> Option<LeaderEpoch> {
        self.epochs.latest()
    }

    /// Where `epoch` ends in this log; see [`LeaderEpochCache::end_offset_for`].
    pub fn epoch_end_offset(&self, epoch: LeaderEpoch) -> Option<EpochEnd> {
        self.epochs.end_offset_for(epoch, self.end_offset())
    }

    /// What is known of leader epochs.
    pub fn epochs(&self) -> &LeaderEpochCache {
        &self.epochs
    }

    /// What is known of producers.
    pub fn producers(&self) -> &ProducerStateManager {
        &self.producers
    }

    /// Takes note that `epoch` begins at `start`, even if it never writes a record (KAFKA-7415).
    pub fn assign_epoch_start(&mut self, epoch: LeaderEpoch, start: Offset) {
        if self.epochs.assign(epoch, start) {
            self.epoch_checkpoint = EpochCheckpoint::Stale;
        }
    }

    /// Appends a batch at the log end, stamped with `leader_epoch`. Whether its sequence may be taken is asked before:
    /// [`ProducerStateManager::check`].
    ///
    /// # Errors
    /// [`LogError::Storage`]: the batch is not in the log.
    ///
    /// # Panics
    /// If `leader_epoch` is older than the log's latest: who appends as leader has been fenced long ago.
    pub fn append_as_leader(
        &mut self,
        storage: &mut dyn Storage,
        batch: RecordBatch,
        leader_epoch: LeaderEpoch,
    ) -> Result<Appended, LogError> {
        let latest = self.latest_epoch().unwrap_or(LeaderEpoch::NONE);
        assert!(latest <= leader_epoch, "append in leader epoch {leader_epoch} after {latest}");
        let batch = batch.placed_at(self.end_offset(), leader_epoch);
        self.append(storage, &batch)
    }

    /// Appends a batch as it came from the leader.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] if it does not begin at the log end, [`LogError::Corrupt`] if its leader epoch is older
    /// than the log's latest (the log should have been truncated), [`LogError::Storage`]. The batch is not in the log.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a batch goes into the log, as with `append_as_leader`"
    )]
    pub fn append_as_follower(
        &mut self,
        storage: &mut dyn Storage,
        batch: RecordBatch,
    ) -> Result<Appended, LogError> {
        let base_offset = batch.base_offset();
        if base_offset != self.end_offset() {
            return Err(self.out_of_range(base_offset));
        }
        let latest = self.latest_epoch().unwrap_or(LeaderEpoch::NONE);
        if batch.leader_epoch() < latest {
            let reason = BatchError::LeaderEpoch { previous: latest.0, actual: batch.leader_epoch().0 };
            return Err(LogError::Corrupt { offset: base_offset.0, reason });
        }
        self.append(storage, &batch)
    }

    fn append(&mut self, storage: &mut dyn Storage, batch: &RecordBatch) -> Result<Appended, LogError> {
        let rolled = self.roll_if_full(storage, batch.bytes().len() as u64)?;
        self.active_mut().append(storage, batch)?;
        self.assign_epoch_start(batch.leader_epoch(), batch.base_offset());
        self.producers.update(batch);
        self.flush.appended(batch.base_offset(), self.end_offset());
        self.assert_ordered();
        Ok(Appended { base_offset: batch.base_offset(), end_offset: self.end_offset(), rolled })
    }

    fn roll_if_full(&mut self, storage: &mut dyn Storage, more: u64) -> Result<Option<Offset>, LogError> {
        let active = self.active();
        if active.size() == 0 || active.size() + more <= self.config.segment_bytes {
            return Ok(None);
        }
        let base_offset = active.end_offset();
        let (epochs, producers) = (&self.epochs, &self.producers);
        let snapshot = producer_snapshot::append(storage, &self.directory, base_offset, epochs, producers)?;
        let segment = Segment::open(storage, &self.directory, base_offset)?;
        self.segments.push(segment);
        self.flush.rolled();
        self.unflushed_snapshots.insert(base_offset, snapshot);
        Ok(Some(base_offset))
    }

    /// Whole batches, from the one that contains `from` on, that end at or below `to`: at most `max_bytes`, but at least
    /// one if there is one. Empty if there is none. Stops at the end of a segment: ask again from there.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] if `from` is below the start or above the end; [`LogError::Corrupt`];
    /// [`LogError::Storage`].
    pub fn read(
        &self,
        storage: &dyn Storage,
        from: Offset,
        to: Offset,
        max_bytes: usize,
    ) -> Result<Bytes, LogError> {
        if from < self.start_offset() || self.end_offset() < from {
            return Err(self.out_of_range(from));
        }
        if to.min(self.end_offset()) <= from {
            return Ok(Bytes::new());
        }
        self.segments[self.segment_of(from)].read(storage, from, to, max_bytes, &self.epochs)
    }

    /// Whether a flush is wanted now, by a roll, by the policy or by somebody, and none is under way.
    pub fn flush_due(&self) -> bool {
        self.flush.due(self.end_offset())
    }

    /// Wants a flush whatever the policy.
    pub fn want_flush(&mut self) {
        self.flush.want();
    }

    /// Whether anything is not known to be durable: records, or names of segment files.
    pub fn unflushed(&self) -> bool {
        self.flush.unflushed(self.end_offset())
    }

    /// Whether the log was cut and that is not durable yet. A follower must not append before: after a power loss the old
    /// bytes would be back, below what it thinks it has. Kafka checkpoints the lower recovery point before it goes on.
    pub fn truncation_pending(&self) -> bool {
        self.flush.truncation_pending()
    }

    /// Begins a flush of everything there is. `None` if there is nothing to flush or a flush is under way. A segment
    /// that is truncated away meanwhile takes its file with it: its step has nothing to do then.
    pub fn start_flush(&mut self) -> Option<FlushPlan> {
        let mut plan = self.flush.start(&self.segments, &self.directory)?;
        // After the batches they tell of, and before the directory that has their names and those of new segments.
        let files = plan.steps.iter().take_while(|step| matches!(step, FlushStep::File(_))).count();
        let snapshots = std::mem::take(&mut self.unflushed_snapshots).into_values().map(FlushStep::File);
        plan.steps.splice(files..files, snapshots);
        Some(plan)
    }

    /// What of a clean shutdown concerns this log: everything that is not durable, and the state of its producers at
    /// the end, so that opening it need not replay them.
    pub fn shutdown_steps(&mut self) -> Vec<FlushStep> {
        let mut steps = Vec::from_iter(self.take_epoch_checkpoint());
        steps.extend(self.start_flush().into_iter().flat_map(|plan| plan.steps));
        if self.segments[0].base_offset() < self.end_offset() {
            let end = self.end_offset();
            steps.push(producer_snapshot::write(&self.directory, end, &self.epochs, &self.producers));
        }
        steps
    }

    /// Forgets producers that wrote nothing for `expiration`; which ones.
    pub fn expire_producers(&mut self, now: Timestamp, expiration: Duration) -> Vec<ProducerId> {
        self.producers.expire(now, expiration)
    }

    /// Brings producer state back from the newest snapshot at or below the end and the batches after it.
    pub(super) fn restore_producers(&mut self, storage: &mut dyn Storage) -> Result<(), LogError> {
        let _ = self.unflushed_snapshots.split_off(&self.end_offset().plus(1));
        let restored = producer_snapshot::restore(storage, &self.directory, &self.segments, &self.epochs)?;
        self.producers = restored.producers;
        if restored.removed {
            self.flush.removed();
        }
        Ok(())
    }

    /// The flush under way is durable: the recovery point moves to its end, or to what truncation left below it.
    /// After a flush that failed nothing is to be called: nothing is known then.
    ///
    /// # Panics
    /// If no flush is under way.
    pub fn finish_flush(&mut self) {
        self.flush.finish(self.end_offset());
        self.assert_ordered();
    }

    /// The new leader epoch checkpoint, if epochs changed since the last call. Kafka replaces the file whenever an
    /// epoch is assigned or truncated, at once and fsynced (KAFKA-16541).
    pub fn take_epoch_checkpoint(&mut self) -> Option<FlushStep> {
        if self.epoch_checkpoint == EpochCheckpoint::UpToDate {
            return None;
        }
        self.epoch_checkpoint = EpochCheckpoint::UpToDate;
        let path = format!("{}/{LEADER_EPOCH_CHECKPOINT}", self.directory);
        Some(FlushStep::Replace { path, content: encode_epochs(&self.epochs) })
    }

    /// Which segment contains `offset`, or would if it is the end.
    pub(super) fn segment_of(&self, offset: Offset) -> usize {
        self.segments.partition_point(|segment| segment.base_offset() <= offset) - 1
    }

    pub(super) fn active(&self) -> &Segment {
        self.segments.last().expect("a log has a segment")
    }

    pub(super) fn active_mut(&mut self) -> &mut Segment {
        self.segments.last_mut().expect("a log has a segment")
    }

    pub(super) fn out_of_range(&self, asked: Offset) -> LogError {
        LogError::OutOfRange { asked: asked.0, start: self.start_offset().0, end: self.end_offset().0 }
    }

    pub(super) fn assert_ordered(&self) {
        let ordered = [self.recovery_point(), self.countable_end_offset(), self.end_offset()];
        assert!(ordered.is_sorted(), "{}: offsets out of order: {ordered:?}", self.topic_partition);
        let ordered = [self.segments[0].base_offset(), self.start_offset(), self.end_offset()];
        assert!(ordered.is_sorted(), "{}: offsets out of order: {ordered:?}", self.topic_partition);
    }
}

#[cfg(test)]
#[path = "partition_log_tests.rs"]
mod tests;
