//! The way back for a follower whose offset is outside the leader's log (`AbstractFetcherThread.fetchOffsetAndTruncate`).
//!
//! ```text
//!   fetch ── OFFSET_OUT_OF_RANGE ──► where does the leader's log end?
//!     ▲                                │ below mine: cut my log there
//!     ├────────────────────────────────┤
//!     │                                ▼ not below mine
//!     │                              where does it start?
//!     ├── not above my end: ask again ─┤     (but if my last epoch is after the leader's: damage)
//!     └── above my end: drop everything and begin there
//! ```

use super::state::{Env, Replica, Role};
use crate::error::{BatchError, ErrorCode, LogError};
use crate::event::Event;
use crate::types::{BrokerId, LeaderEpoch, Offset};

/// Which offset of the leader's log a follower asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetWanted {
    /// The log end (`ListOffsetsRequest.LATEST_TIMESTAMP`, which gives followers the log end).
    End,
    /// The log start (`ListOffsetsRequest.EARLIEST_TIMESTAMP`).
    Start,
}

/// What a follower asks whose offset is outside the leader's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetQuestion {
    /// Whom to ask.
    pub leader: BrokerId,
    /// In which leader epoch.
    pub leader_epoch: LeaderEpoch,
    /// For what.
    pub wanted: OffsetWanted,
}

impl Replica {
    /// What to ask the leader before fetching goes on; `None` if there is nothing to ask now.
    pub fn offset_question(&self) -> Option<OffsetQuestion> {
        let Role::Follower(follower) = &self.role else { return None };
        if follower.backoff_until().is_some() || self.log.truncation_pending() {
            return None;
        }
        let wanted = follower.wanted?;
        Some(OffsetQuestion { leader: follower.leader, leader_epoch: follower.leader_epoch, wanted })
    }

    /// The leader answered what was `asked`. An answer that belongs to another leader epoch is dropped.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn offset_answered(
        &mut self,
        env: &mut Env<'_>,
        asked: &OffsetQuestion,
        answer: Result<Offset, ErrorCode>,
    ) -> Result<(), LogError> {
        if self.offset_question().as_ref() != Some(asked) {
            return Ok(());
        }
        let end = self.log.end_offset();
        let Role::Follower(follower) = &mut self.role else { unreachable!("only a follower asks") };
        let Ok(offset) = answer else {
            follower.back_off(env);
            return Ok(());
        };
        match asked.wanted {
            OffsetWanted::End if offset < end => {
                follower.wanted = None;
                self.truncate_to(env, offset)
            }
            OffsetWanted::End => {
                follower.wanted = Some(OffsetWanted::Start);
                Ok(())
            }
            OffsetWanted::Start if end < offset => {
                follower.wanted = None;
                self.start_anew(env, offset)
            }
            // The leader has all these offsets and still not what this log ends with: an epoch that nobody led in.
            OffsetWanted::Start if self.log.latest_epoch() > Some(asked.leader_epoch) => {
                Err(self.epoch_nobody_led_in(asked.leader_epoch))
            }
            // The leader's log has grown meanwhile, or lost its beginning and got it back with another leader.
            OffsetWanted::Start => {
                follower.wanted = None;
                follower.back_off(env);
                Ok(())
            }
        }
    }

    fn epoch_nobody_led_in(&self, newest: LeaderEpoch) -> LogError {
        let last = self.log.epochs().entries().last().expect("it has an epoch");
        let reason = BatchError::LeaderEpoch { previous: newest.0, actual: last.epoch.0 };
        LogError::Corrupt { offset: last.start_offset.0, reason }
    }

    /// Cuts the log to `to`, wholly if that is below its start.
    pub(super) fn truncate_to(&mut self, env: &mut Env<'_>, to: Offset) -> Result<(), LogError> {
        if to < self.log.start_offset() {
            return self.start_anew(env, to);
        }
        let end = self.log.end_offset();
        self.log.truncate_to(env.storage, to)?;
        let to = self.log.end_offset();
        let topic_partition = self.topic_partition().clone();
        env.out.events.push(Event::LogTruncated { topic_partition, from: end, to });
        if to < self.high_watermark {
            self.set_high_watermark(env, to);
        }
        self.check();
        Ok(())
    }

    /// Drops the whole log and begins at `at`, which becomes its start, its end and its high watermark.
    fn start_anew(&mut self, env: &mut Env<'_>, at: Offset) -> Result<(), LogError> {
        let end = self.log.end_offset();
        self.log.truncate_fully_and_start_at(env.storage, at)?;
        let topic_partition = self.topic_partition().clone();
        env.out.events.push(Event::LogTruncatedFully { topic_partition, from: end, log_start_offset: at });
        self.set_high_watermark(env, at);
        self.check();
        Ok(())
    }
}
