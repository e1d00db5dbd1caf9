//! Where a consumer stands in one topic partition (`SubscriptionState.TopicPartitionState`).

use std::cmp::Ordering;
use std::time::Duration;

use crate::time::Timestamp;
use crate::types::{LeaderEpoch, Offset};

/// What has to be asked of the leader next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Where the log starts.
    StartOffset,
    /// Where the log ends for consumers: the high watermark.
    EndOffset,
    /// Where the last epoch ended.
    EpochEnd,
    /// Records from the position on.
    Records,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is known, or nothing that was known holds: begin at the start of the log.
    Start,
    /// The position is outside the log; is it below the start?
    OutOfRange,
    /// It is not, so it must be above the end.
    AboveEnd,
    /// The position is right as far as anybody knows.
    Fetch,
}

/// How far to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Forever,
    /// To an end that has to be asked for.
    UnknownEnd,
    End(Offset),
    Reached,
}

/// The position jumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jump {
    /// Back: the log below it changed.
    Truncated { from: Offset, to: Offset },
    /// Forward: the log starts above it.
    Reset { from: Offset, to: Offset },
}

/// A request that names this topic partition is in flight.
#[derive(Clone, Copy, Debug)]
struct Asked {
    need: Need,
    leader_epoch: LeaderEpoch,
}

/// Where a consumer stands in one topic partition.
///
/// * At most one request about it is in flight.
/// * The position moves past records that were read, and else only together with a [`Jump`].
/// * Records are asked for only if the position was found valid under the newest leader epoch known, or nothing was
///   consumed yet.
/// * An end that was reached is never left.
#[derive(Debug)]
pub(super) struct PartitionState {
    phase: Phase,
    /// The log start, when last asked for to begin there.
    start: Offset,
    position: Option<Offset>,
    last_epoch: LeaderEpoch,
    validated: LeaderEpoch,
    target: Target,
    asked: Option<Asked>,
    failures: u32,
    not_before: Timestamp,
}

impl PartitionState {
    pub(super) fn new(to_the_end: bool) -> PartitionState {
        PartitionState {
            phase: Phase::Start,
            start: Offset::ZERO,
            position: None,
            last_epoch: LeaderEpoch::NONE,
            validated: LeaderEpoch::NONE,
            target: if to_the_end { Target::UnknownEnd } else { Target::Forever },
            asked: None,
            failures: 0,
            not_before: Timestamp::ZERO,
        }
    }

    pub(super) fn position(&self) -> Option<Offset> {
        self.position
    }

    pub(super) fn last_epoch(&self) -> LeaderEpoch {
        self.last_epoch
    }

    pub(super) fn reached_end(&self) -> bool {
        self.target == Target::Reached
    }

    /// What is needed of a leader with this epoch, and from when on; none while a request is in flight or at the end.
    pub(super) fn need(&self, leader_epoch: LeaderEpoch) -> Option<(Need, Timestamp)> {
        if self.asked.is_some() || self.reached_end() {
            return None;
        }
        let need = match self.phase {
            Phase::Start | Phase::OutOfRange => Need::StartOffset,
            Phase::AboveEnd => Need::EndOffset,
            Phase::Fetch if self.validated < leader_epoch && self.last_epoch.known().is_some() => {
                Need::EpochEnd
            }
            Phase::Fetch if self.target == Target::UnknownEnd => Need::EndOffset,
            Phase::Fetch => Need::Records,
        };
        Some((need, self.not_before))
    }

    pub(super) fn ask(&mut self, need: Need, leader_epoch: LeaderEpoch) {
        assert!(self.asked.is_none(), "one request at a time");
        self.asked = Some(Asked { need, leader_epoch });
    }

    fn answered(&mut self, expected: &[Need]) -> Asked {
        let asked = self.asked.take().expect("an answer follows a request");
        assert!(expected.contains(&asked.need), "{asked:?} was answered as one of {expected:?}");
        self.failures = 0;
        asked
    }

    /// The request failed; how often in a row before.
    pub(super) fn failed(&mut self) -> u32 {
        assert!(self.asked.take().is_some(), "a failure follows a request");
        self.failures = self.failures.saturating_add(1);
        self.failures - 1
    }

    pub(super) fn pause(&mut self, now: Timestamp, pause: Duration) {
        self.not_before = now + pause;
    }

    /// The leader says that the position is outside its log. To be called after [`PartitionState::failed`].
    pub(super) fn out_of_range(&mut self) {
        if self.phase == Phase::Fetch {
            self.phase = Phase::OutOfRange;
        }
    }

    /// The answer to [`Need::StartOffset`] or [`Need::EndOffset`].
    pub(super) fn offset_answered(&mut self, offset: Offset) -> Option<Jump> {
        let asked = self.answered(&[Need::StartOffset, Need::EndOffset]);
        let position = self.position.unwrap_or(offset);
        match self.phase {
            Phase::Start => {
                self.start = offset;
                self.begin_at(offset, asked.leader_epoch)
            }
            Phase::OutOfRange if position < offset => {
                self.start = offset;
                self.begin_at(offset, asked.leader_epoch)
            }
            Phase::OutOfRange => {
                self.phase = Phase::AboveEnd;
                None
            }
            Phase::AboveEnd => self.begin_at(position.min(offset), asked.leader_epoch),
            Phase::Fetch => {
                self.target = Target::End(offset);
                None
            }
        }
    }

    /// Goes on at `offset`, of which nothing is known but that it is in the log.
    fn begin_at(&mut self, offset: Offset, leader_epoch: LeaderEpoch) -> Option<Jump> {
        self.phase = Phase::Fetch;
        self.last_epoch = LeaderEpoch::NONE;
        self.validated = leader_epoch;
        self.move_to(offset)
    }

    fn move_to(&mut self, offset: Offset) -> Option<Jump> {
        let from = self.position.replace(offset)?;
        if offset < from && self.target != Target::Forever {
            self.target = Target::UnknownEnd;
        }
        let to = offset;
        match to.cmp(&from) {
            Ordering::Less => Some(Jump::Truncated { from, to }),
            Ordering::Equal => None,
            Ordering::Greater => Some(Jump::Reset { from, to }),
        }
    }

    /// The answer to [`Need::EpochEnd`].
    pub(super) fn epoch_answered(&mut self, epoch: LeaderEpoch, end: Offset) -> Option<Jump> {
        let asked = self.answered(&[Need::EpochEnd]);
        self.validated = asked.leader_epoch;
        self.diverged_at(epoch, end)
    }

    /// The answer to [`Need::Records`] was that the logs differ.
    pub(super) fn divergence_answered(&mut self, epoch: LeaderEpoch, end: Offset) -> Option<Jump> {
        self.answered(&[Need::Records]);
        self.diverged_at(epoch, end)
    }

    /// The leader's log can agree with what was consumed up to `end`, where `epoch` ended. If the leader knows no such
    /// epoch, or had an older one where the last record was consumed, a consumer that remembers only its last epoch
    /// cannot tell how far both logs agree, and reading begins anew.
    fn diverged_at(&mut self, epoch: LeaderEpoch, end: Offset) -> Option<Jump> {
        let within = self.position.is_none_or(|position| position <= end);
        let older = epoch < self.last_epoch;
        if epoch.known().is_none() || end < Offset::ZERO || (older && within) {
            self.phase = Phase::Start;
            return None;
        }
        if within {
            return None;
        }
        self.last_epoch = epoch;
        self.move_to(end)
    }

    /// The answer to [`Need::Records`]: everything below `end` has been consumed, the last of it under `epoch`. Nothing,
    /// if there was nothing new.
    pub(super) fn records_answered(&mut self, consumed: Option<(Offset, LeaderEpoch)>) {
        let asked = self.answered(&[Need::Records]);
        self.validated = self.validated.max(asked.leader_epoch);
        if let Some((end, epoch)) = consumed {
            assert!(self.position <= Some(end), "records lead forward");
            self.position = Some(end);
            self.last_epoch = epoch;
        }
    }

    /// Whether the end has been reached since the last call; where reading began and where it was.
    pub(super) fn take_reached_end(&mut self) -> Option<(Offset, Offset)> {
        match self.target {
            Target::End(end) if Some(end) <= self.position && self.phase == Phase::Fetch => {
                self.target = Target::Reached;
                Some((self.start, end))
            }
            _ => None,
        }
    }
}
