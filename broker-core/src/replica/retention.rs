//! Letting go of old records and silent producers.
//!
//! Every replica applies `retention.bytes` to its own segments, below its own high watermark; a follower's log start may
//! be above its leader's. What the leader let go, a follower lets go with the next fetch.

use super::state::{Env, Replica};
use crate::error::LogError;
use crate::event::{Event, LogStartReason};
use crate::types::Offset;

impl Replica {
    /// Moves the log start, at most to the high watermark.
    pub(super) fn increment_start_offset(&mut self, env: &mut Env<'_>, to: Offset, reason: LogStartReason) {
        if !self.log.increment_start_offset(to.min(self.high_watermark)) {
            return;
        }
        let topic_partition = self.topic_partition().clone();
        let log_start_offset = self.log.start_offset();
        env.out.events.push(Event::LogStartOffsetIncremented { topic_partition, log_start_offset, reason });
        self.check();
    }

    /// Moves the log start past segments that `retention.bytes` no longer keeps. Every replica does so on its own.
    pub fn apply_retention(&mut self, env: &mut Env<'_>) {
        let start = self.log.retention_start_offset(self.high_watermark);
        self.increment_start_offset(env, start, LogStartReason::SegmentDeletion);
    }

    /// Deletes segments wholly below `durable_start`, which is durable.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn delete_old_segments(&mut self, env: &mut Env<'_>, durable_start: Offset) -> Result<(), LogError> {
        // The log may have begun anew below since.
        let start = durable_start.min(self.log.start_offset());
        let segments = self.log.delete_old_segments(env.storage, start)?;
        if 0 < segments {
            let topic_partition = self.topic_partition().clone();
            env.out.events.push(Event::SegmentsDeleted { topic_partition, segments });
        }
        Ok(())
    }

    /// Forgets producers that wrote nothing for `producer.id.expiration.ms`.
    pub fn expire_producers(&mut self, env: &mut Env<'_>) {
        let topic_partition = self.topic_partition().clone();
        let expired = self.log.expire_producers(env.clock, env.config.producer_id_expiration);
        env.out.events.extend(expired.into_iter().map(|producer_id| Event::ProducerIdExpired {
            topic_partition: topic_partition.clone(),
            producer_id,
        }));
    }
}
