//! Where a log starts, and the segments that are no longer part of it (`UnifiedLog.deleteOldSegments`).
//!
//! ```text
//!    deleted    wholly below      holds the start              active
//!   ├ ─ ─ ─ ─┼────────────────┼─────────┬───────────┼────────┼────────►
//!                                   log start
//! ```
//!
//! Two steps, because a crash may come between them: first the start moves, which is only a number, and its owner makes
//! it durable; then the segments go. Segments that come back after a power loss are recognised by that number.

use super::partition_log::{EpochCheckpoint, Log};
use super::{producer_snapshot, segment};
use crate::error::LogError;
use crate::io::Storage;
use crate::types::Offset;

impl Log {
    /// Where the log would start if `retention.bytes` had its way: after the oldest segments without which it still has
    /// that much. Whole segments only, never the active one, and none that ends above `high_watermark`
    /// (`deleteRetentionSizeBreachedSegments`). Kafka may roll and delete the active segment too.
    pub fn retention_start_offset(&self, high_watermark: Offset) -> Offset {
        let Some(retention_bytes) = self.config.retention_bytes else { return self.start_offset };
        let kept = &self.segments[self.first_kept()..];
        let mut size: u64 = kept.iter().map(segment::Segment::size).sum();
        let (_active, closed) = kept.split_last().expect("a log has a segment");
        let mut start = self.start_offset;
        for segment in closed {
            let left = size - segment.size();
            if high_watermark < segment.end_offset() || left < retention_bytes {
                break;
            }
            (size, start) = (left, segment.end_offset());
        }
        start
    }

    /// Nothing below `to` belongs to the log any more; segments stay until [`Log::delete_old_segments`]. The leader epoch
    /// cache forgets what lies below; producer state stays, also that of producers whose last batch is gone (KAFKA-7190).
    /// Returns whether the start moved: it never goes back.
    ///
    /// # Panics
    /// If `to` is above the log end. That it is not above the high watermark is for the owner to see to.
    pub fn increment_start_offset(&mut self, to: Offset) -> bool {
        assert!(to <= self.end_offset(), "log start {to} above the log end {}", self.end_offset());
        if to <= self.start_offset {
            return false;
        }
        self.start_offset = to;
        if self.epochs.truncate_from_start(to) {
            self.epoch_checkpoint = EpochCheckpoint::Stale;
        }
        self.assert_ordered();
        true
    }

    /// Whether there are segments wholly below the log start.
    pub fn has_old_segments(&self) -> bool {
        0 < self.first_kept()
    }

    /// Deletes the segments wholly below `start`, oldest first, and the producer snapshots at their base offsets. Returns how many. `start` is a log start that is durable:
    /// after a power loss some of them may be back, and without it nobody could say why there are gaps.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    ///
    /// # Panics
    /// If `start` is above the log start.
    pub fn delete_old_segments(
        &mut self,
        storage: &mut dyn Storage,
        start: Offset,
    ) -> Result<usize, LogError> {
        assert!(start <= self.start_offset, "{start} is above the log start {}", self.start_offset);
        let mut deleted = 0;
        while 1 < self.segments.len() && self.segments[0].end_offset() <= start {
            let base_offset = self.segments[0].base_offset();
            storage.remove(&segment::path(&self.directory, base_offset))?;
            storage.remove(&producer_snapshot::path(&self.directory, base_offset))?;
            self.segments.remove(0);
            self.unflushed_snapshots.remove(&base_offset);
            self.flush.removed();
            deleted += 1;
        }
        self.assert_ordered();
        Ok(deleted)
    }

    /// The first segment that is not wholly below the log start.
    fn first_kept(&self) -> usize {
        self.segment_of(self.start_offset)
    }
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
