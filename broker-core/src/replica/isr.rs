//! Who is in sync: shrinking and expanding through the controller (KIP-497, `Partition.maybeShrinkIsr`,
//! `maybeExpandIsr`, `handleAlterPartitionError`).

use super::leader::{Leader, is_eligible};
use super::state::{Env, Replica, Role};
use crate::error::ErrorCode;
use crate::event::Event;
use crate::time::{Timestamp, earliest};
use crate::types::{BrokerEpoch, BrokerId, LeaderEpoch, PartitionEpoch};

/// Where asking the controller stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// The next request may carry it.
    Now,
    /// After a failed try.
    At(Timestamp),
    /// A request is under way, or its answer left open what the controller did and metadata will tell.
    Asked,
}

/// An ISR this leader wants and has no answer about.
#[derive(Clone, Debug)]
struct Pending {
    isr: Vec<BrokerId>,
    ask: Ask,
}

/// What was asked for beside the committed ISR.
///
/// * At most one change is pending.
#[derive(Debug)]
pub(super) struct IsrState {
    pending: Option<Pending>,
    next_check: Timestamp,
}

impl IsrState {
    pub fn new(next_check: Timestamp) -> IsrState {
        IsrState { pending: None, next_check }
    }

    /// The larger of the committed ISR and the pending one: during a shrink still the old one, during an expansion
    /// already the new one.
    pub fn maximal<'a>(&'a self, committed: &'a [BrokerId]) -> &'a [BrokerId] {
        match &self.pending {
            Some(pending) if committed.len() < pending.isr.len() => &pending.isr,
            _ => committed,
        }
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        let ask_at = self.pending.as_ref().and_then(|pending| match pending.ask {
            Ask::At(at) => Some(at),
            Ask::Now | Ask::Asked => None,
        });
        earliest(Some(self.next_check), ask_at)
    }

    /// Time went by: what had to wait may be asked again.
    pub fn tick(&mut self, now: Timestamp) {
        if let Some(pending) = &mut self.pending
            && let Ask::At(at) = pending.ask
            && at <= now
        {
            pending.ask = Ask::Now;
        }
    }
}

/// What to ask the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The leader epoch this leader is in.
    pub leader_epoch: LeaderEpoch,
    /// The partition epoch the change starts from.
    pub partition_epoch: PartitionEpoch,
    /// Who should be in the ISR, and under which registration each was seen; [`BrokerEpoch::NONE`] if unknown.
    pub isr: Vec<(BrokerId, BrokerEpoch)>,
}

/// What came of asking the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterPartitionOutcome {
    /// The controller's state after the change.
    Changed {
        /// In-sync replicas.
        isr: Vec<BrokerId>,
        /// The epoch of that state.
        partition_epoch: PartitionEpoch,
        /// The leader epoch of that state.
        leader_epoch: LeaderEpoch,
    },
    /// Refused.
    Refused(ErrorCode),
    /// No answer: it may have been applied.
    Unknown,
}

impl Replica {
    /// Asks to remove members that have not been caught up for too long. Looks every half of replica.lag.time.max.ms.
    pub(super) fn propose_shrink(&mut self, env: &mut Env<'_>) {
        let (local, leader_end) = (self.local, self.log.end_offset());
        let lag_max = env.config.replica_lag_time_max;
        let Role::Leader(leader) = &mut self.role else { return };
        if env.now < leader.isr.next_check {
            return;
        }
        leader.isr.next_check = env.now + lag_max / 2;
        if leader.isr.pending.is_some() {
            return;
        }
        let in_sync = |leader: &Leader, member: BrokerId| {
            member == local
                || leader.followers.get(&member).is_some_and(|progress| {
                    progress.end_offset == Some(leader_end) || progress.is_caught_up(env.clock, lag_max)
                })
        };
        let isr: Vec<BrokerId> =
            self.state.isr.iter().copied().filter(|member| in_sync(leader, *member)).collect();
        if isr.len() < self.state.isr.len() {
            leader.isr.pending = Some(Pending { isr, ask: Ask::Now });
        }
    }

    /// Asks to add a follower that has everything: at least the high watermark, and at least where this leader epoch
    /// began (KAFKA-7128).
    pub(super) fn propose_expansion(&mut self, env: &mut Env<'_>, follower: BrokerId) {
        let high_watermark = self.high_watermark;
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.isr.pending.is_some() || self.state.isr.contains(&follower) {
            return;
        }
        let Some(progress) = leader.followers.get(&follower) else { return };
        let reached =
            progress.end_offset.is_some_and(|end| high_watermark <= end && leader.start_offset <= end);
        if reached && is_eligible(env.brokers, follower, progress) {
            let mut isr = self.state.isr.clone();
            isr.push(follower);
            leader.isr.pending = Some(Pending { isr, ask: Ask::Now });
        }
    }

    /// What to ask the controller now, if anything. Until [`Replica::alter_partition_answered`] there is nothing more
    /// to ask.
    pub fn take_proposal(&mut self, env: &mut Env<'_>) -> Option<Proposal> {
        let Role::Leader(leader) = &mut self.role else { return None };
        let pending = leader.isr.pending.as_mut()?;
        if pending.ask != Ask::Now {
            return None;
        }
        pending.ask = Ask::Asked;
        let isr = pending.isr.clone();
        let epoch_of = |member: &BrokerId| match leader.followers.get(member) {
            Some(progress) if progress.broker_epoch != BrokerEpoch::NONE => progress.broker_epoch,
            _ => env.brokers.get(member).map_or(BrokerEpoch::NONE, |registration| registration.epoch),
        };
        let proposal = Proposal {
            leader_epoch: self.state.leader_epoch,
            partition_epoch: self.state.partition_epoch,
            isr: isr.iter().map(|member| (*member, epoch_of(member))).collect(),
        };
        env.out.events.push(Event::AlterPartitionSent {
            topic_partition: self.topic_partition().clone(),
            leader_epoch: proposal.leader_epoch,
            partition_epoch: proposal.partition_epoch,
            isr,
        });
        Some(proposal)
    }

    /// The end of a request made of [`Replica::take_proposal`]. Answers about a state that is no longer current are
    /// ignored. `retry_at` is when to ask again after an answer that says nothing.
    pub fn alter_partition_answered(
        &mut self,
        env: &mut Env<'_>,
        asked: &Proposal,
        outcome: AlterPartitionOutcome,
        retry_at: Timestamp,
    ) {
        let current = (self.state.leader_epoch, self.state.partition_epoch);
        let Role::Leader(leader) = &mut self.role else { return };
        if (asked.leader_epoch, asked.partition_epoch) != current {
            return;
        }
        let Some(pending) = &mut leader.isr.pending else { return };
        let error = match outcome {
            AlterPartitionOutcome::Changed { isr, partition_epoch, leader_epoch } => {
                if leader_epoch == current.0 && current.1 <= partition_epoch {
                    let before = std::mem::replace(&mut self.state.isr, isr);
                    self.state.partition_epoch = partition_epoch;
                    self.isr_committed(env, &before);
                    self.advance_high_watermark(env);
                }
                ErrorCode::NONE
            }
            // The controller said no to this ISR: back to what is committed.
            AlterPartitionOutcome::Refused(error @ ErrorCode::INELIGIBLE_REPLICA) => {
                leader.isr.pending = None;
                error
            }
            // Somebody else leads, or the state is older than we know: it may have been applied. Metadata will tell.
            AlterPartitionOutcome::Refused(
                error @ (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                | ErrorCode::UNKNOWN_TOPIC_ID
                | ErrorCode::INVALID_REQUEST
                | ErrorCode::NEW_LEADER_ELECTED
                | ErrorCode::FENCED_LEADER_EPOCH
                | ErrorCode::INVALID_UPDATE_VERSION),
            ) => error,
            AlterPartitionOutcome::Refused(error) => {
                pending.ask = Ask::At(retry_at);
                error
            }
            AlterPartitionOutcome::Unknown => {
                pending.ask = Ask::At(retry_at);
                ErrorCode::REQUEST_TIMED_OUT
            }
        };
        let topic_partition = self.topic_partition().clone();
        env.out.events.push(Event::AlterPartitionAnswered { topic_partition, error });
        self.check();
    }

    /// A newer state is committed: whatever was pending is settled by it.
    pub(super) fn isr_committed(&mut self, env: &mut Env<'_>, before: &[BrokerId]) {
        let topic_partition = self.topic_partition().clone();
        let (isr, partition_epoch) = (self.state.isr.clone(), self.state.partition_epoch);
        let Role::Leader(leader) = &mut self.role else { return };
        leader.isr.pending = None;
        if isr.iter().any(|member| !before.contains(member)) && !before.is_empty() {
            let (topic_partition, isr) = (topic_partition.clone(), isr.clone());
            env.out.events.push(Event::IsrExpanded { topic_partition, isr, partition_epoch });
        }
        if before.iter().any(|member| !isr.contains(member)) {
            env.out.events.push(Event::IsrShrunk { topic_partition, isr, partition_epoch });
        }
    }
}
