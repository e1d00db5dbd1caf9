//! Following: ask from the log end, append what comes, truncate where the leader's history differs
//! (`AbstractFetcherThread`, truncation on fetch as of KIP-595).

use bytes::Bytes;

use super::out_of_range::OffsetWanted;
use super::read::Diverging;
use super::state::{Env, Replica, Role};
use crate::batch::RecordBatch;
use crate::error::{ErrorCode, LogError};
use crate::event::{Event, LogStartReason};
use crate::time::Timestamp;
use crate::types::{BrokerId, LeaderEpoch, Offset};

/// What a follower asks for. A response that comes when this is no longer what it would ask is dropped: it belongs to
/// another leader epoch or another log (KAFKA-7786).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchPosition {
    /// Whom to ask.
    pub leader: BrokerId,
    /// In which leader epoch.
    pub leader_epoch: LeaderEpoch,
    /// From where: the log end.
    pub offset: Offset,
    /// Leader epoch of the last record before it, if the log has any epoch.
    pub last_fetched_epoch: Option<LeaderEpoch>,
}

/// What the leader said about one topic partition.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Why there is nothing.
    pub error: ErrorCode,
    /// The leader's high watermark.
    pub high_watermark: Offset,
    /// Where the leader's log starts.
    pub log_start_offset: Offset,
    /// Set if this follower must truncate.
    pub diverging: Option<Diverging>,
    /// Whole batches (the last may be cut short).
    pub records: Bytes,
}

/// A followership.
#[derive(Debug)]
pub(super) struct Follower {
    pub leader: BrokerId,
    pub leader_epoch: LeaderEpoch,
    /// The log end is outside the leader's log: this has to be asked before anything else.
    pub wanted: Option<OffsetWanted>,
    /// Nothing is asked before this.
    backoff_until: Option<Timestamp>,
}

impl Follower {
    pub fn new(leader: BrokerId, leader_epoch: LeaderEpoch) -> Follower {
        Follower { leader, leader_epoch, wanted: None, backoff_until: None }
    }

    /// Time went by: the pause may be over.
    pub fn tick(&mut self, now: Timestamp) {
        self.backoff_until = self.backoff_until.filter(|until| now < *until);
    }

    /// Asks nothing for a while.
    pub fn back_off(&mut self, env: &Env<'_>) {
        self.backoff_until = Some(env.now + env.config.replica_fetch_backoff);
    }

    pub fn backoff_until(&self) -> Option<Timestamp> {
        self.backoff_until
    }
}

impl Replica {
    /// What to ask the leader for now; `None` if this is no follower, is backing off or lost, has an append whose own flush is
    /// under way (the next fetch would say that it has the record), or a truncation that is not durable.
    pub fn fetch_position(&self) -> Option<FetchPosition> {
        let Role::Follower(follower) = &self.role else { return None };
        let waits_for_flush =
            self.log.truncation_pending() || self.log.countable_end_offset() < self.log.end_offset();
        if follower.backoff_until.is_some() || follower.wanted.is_some() || waits_for_flush {
            return None;
        }
        Some(self.current_position(follower))
    }

    fn current_position(&self, follower: &Follower) -> FetchPosition {
        FetchPosition {
            leader: follower.leader,
            leader_epoch: follower.leader_epoch,
            offset: self.log.end_offset(),
            last_fetched_epoch: self.log.latest_epoch(),
        }
    }

    /// A fetch failed as a whole, or its answer made no sense: ask again later.
    pub fn fetch_failed(&mut self, env: &Env<'_>, asked: &FetchPosition) {
        if let Role::Follower(follower) = &mut self.role
            && follower.leader_epoch == asked.leader_epoch
        {
            follower.back_off(env);
        }
    }

    /// The leader answered what was `asked`.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn fetched(
        &mut self,
        env: &mut Env<'_>,
        asked: &FetchPosition,
        fetched: Fetched,
    ) -> Result<(), LogError> {
        let Role::Follower(follower) = &mut self.role else { return Ok(()) };
        follower.backoff_until = None;
        let Role::Follower(follower) = &self.role else { return Ok(()) };
        if self.current_position(follower) != *asked {
            return Ok(());
        }
        if fetched.error == ErrorCode::OFFSET_OUT_OF_RANGE {
            let Role::Follower(follower) = &mut self.role else { return Ok(()) };
            follower.wanted = Some(OffsetWanted::End);
            return Ok(());
        }
        if !fetched.error.is_none() {
            self.fetch_failed(env, asked);
            return Ok(());
        }
        if let Some(diverging) = fetched.diverging {
            // The high watermark in such an answer is not about this log (KAFKA-14704).
            self.truncate(env, diverging)?;
            if matches!(&self.role, Role::Follower(follower) if self.current_position(follower) == *asked) {
                // Nothing was cut: the same question at once would get the same answer.
                self.fetch_failed(env, asked);
            }
            return Ok(());
        }
        let Ok(batches) = RecordBatch::all_from(fetched.records) else {
            self.fetch_failed(env, asked);
            return Ok(());
        };
        for batch in batches {
            let latest = self.log.latest_epoch().unwrap_or(LeaderEpoch(0));
            let epochs = latest..=asked.leader_epoch;
            // A leader has nothing from an epoch after its own (KAFKA-18723), and nothing from before what it agreed to.
            if batch.base_offset() != self.log.end_offset() || !epochs.contains(&batch.leader_epoch()) {
                self.fetch_failed(env, asked);
                break;
            }
            self.replicate(env, batch)?;
        }
        let high_watermark = fetched.high_watermark.clamp(self.log.start_offset(), self.log.end_offset());
        self.set_high_watermark(env, high_watermark);
        let log_start_offset = fetched.log_start_offset;
        self.increment_start_offset(env, log_start_offset, LogStartReason::LeaderOffsetIncremented);
        self.check();
        Ok(())
    }

    fn replicate(&mut self, env: &mut Env<'_>, batch: RecordBatch) -> Result<(), LogError> {
        let leader_epoch = batch.leader_epoch();
        let appended = self.log.append_as_follower(env.storage, batch)?;
        let topic_partition = self.topic_partition().clone();
        if let Some(base_offset) = appended.rolled {
            let topic_partition = topic_partition.clone();
            env.out.events.push(Event::SegmentRolled { topic_partition, base_offset });
        }
        env.out.events.push(Event::RecordsReplicated {
            topic_partition,
            base_offset: appended.base_offset,
            end_offset: appended.end_offset,
            leader_epoch,
        });
        Ok(())
    }

    /// Cuts the log to where it can still agree with the leader's: the leader's end of the epoch it named, this log's
    /// end of that epoch, and the log end, whichever comes first. One answer may not be enough; the next fetch tells.
    fn truncate(&mut self, env: &mut Env<'_>, diverging: Diverging) -> Result<(), LogError> {
        let end = self.log.end_offset();
        let own = self.log.epoch_end_offset(diverging.epoch).map_or(end, |own| own.end_offset);
        self.truncate_to(env, diverging.end_offset.min(own).min(end).max(Offset::ZERO))
    }
}
