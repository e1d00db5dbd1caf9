//! Cutting a log at its end, or wholly: what a follower does whose history is not its leader's.

use super::partition_log::{EpochCheckpoint, Log};
use super::producer_snapshot;
use super::producer_state::ProducerStateManager;
use super::segment::{self, Segment};
use crate::error::LogError;
use crate::io::Storage;
use crate::types::Offset;

impl Log {
    /// Cuts every batch that ends above `to`; no batch is cut in two, so the log may end below `to`. Epochs that start
    /// at the new end or above are forgotten even if no batch goes (KAFKA-10706). An offset above the end cuts nothing.
    ///
    /// Recovery-point and high-watermark checkpoints on disk may now be too high: replace them before appending.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] if `to` is below the start; [`LogError::Corrupt`]; [`LogError::Storage`].
    pub fn truncate_to(&mut self, storage: &mut dyn Storage, to: Offset) -> Result<(), LogError> {
        if to < self.start_offset() {
            return Err(self.out_of_range(to));
        }
        let before = self.end_offset();
        if to < before {
            let kept = self.segment_of(to) + 1;
            // From the end, so that whatever a crash leaves of them still begins after a gap.
            while kept < self.segments.len() {
                storage.remove(&segment::path(&self.directory, self.active().base_offset()))?;
                self.segments.pop();
                self.flush.removed();
            }
            let cut = self.active_mut().truncate_to(storage, to);
            self.flush.truncated(self.end_offset());
            cut?;
            self.start_offset = self.start_offset.min(self.end_offset());
        }
        if self.epochs.truncate_from_end(self.end_offset()) {
            self.epoch_checkpoint = EpochCheckpoint::Stale;
        }
        if self.end_offset() < before {
            self.restore_producers(storage)?;
        }
        self.assert_ordered();
        Ok(())
    }

    /// Drops everything and begins anew at `to`, above or below all there was: nothing before can agree with what comes.
    /// Nothing is known of leader epochs and producers then (`UnifiedLog.truncateFullyAndStartAt`).
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn truncate_fully_and_start_at(
        &mut self,
        storage: &mut dyn Storage,
        to: Offset,
    ) -> Result<(), LogError> {
        // From the end, as when truncating.
        for segment in self.segments.iter().rev() {
            storage.remove(&segment::path(&self.directory, segment.base_offset()))?;
        }
        producer_snapshot::remove_all(storage, &self.directory)?;
        self.segments = vec![Segment::open(storage, &self.directory, to)?];
        self.start_offset = to;
        self.epochs.clear();
        self.epoch_checkpoint = EpochCheckpoint::Stale;
        self.producers = ProducerStateManager::default();
        self.unflushed_snapshots.clear();
        self.flush.restarted(to);
        self.assert_ordered();
        Ok(())
    }
}
