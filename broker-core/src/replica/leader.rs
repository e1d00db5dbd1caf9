//! What a leader knows of its followers, and the high watermark that follows from it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::isr::IsrState;
use super::purgatory::Purgatory;
use super::state::{Env, Replica, Role};
use crate::metadata::{BrokerRegistration, PartitionState};
use crate::time::Timestamp;
use crate::types::{BrokerEpoch, BrokerId, Offset};

/// How far a follower has come, from what it asks for (`Replica.ReplicaState`).
///
/// Times are what the leader's clock showed, as in Kafka, and the time it was caught up never goes back. So after a step back
/// of the clock a follower that lags counts as caught up until that time has come again: it stays in the ISR and holds
/// back the high watermark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// The offset it asked for last: it has everything below. `None` before its first fetch in this leadership.
    pub end_offset: Option<Offset>,
    /// When it last had everything there was, if ever.
    last_caught_up: Option<Timestamp>,
    /// When it fetched last, and where the leader's log ended then.
    last_fetch: Timestamp,
    leader_end_at_last_fetch: Offset,
    /// Which registration of the broker fetched.
    pub broker_epoch: BrokerEpoch,
}

impl Progress {
    fn unknown(last_caught_up: Option<Timestamp>) -> Progress {
        Progress {
            end_offset: None,
            last_caught_up,
            last_fetch: Timestamp::ZERO,
            leader_end_at_last_fetch: Offset::ZERO,
            broker_epoch: BrokerEpoch::NONE,
        }
    }

    /// This broker was leader before and is again: what the follower has is still known, but when it was caught up is
    /// counted anew, so that one outside the ISR does not hold back the high watermark (`resetReplicaState`).
    fn reelected(self, last_caught_up: Option<Timestamp>, leader_end: Offset) -> Progress {
        Progress {
            last_caught_up,
            last_fetch: last_caught_up.unwrap_or(Timestamp::ZERO),
            leader_end_at_last_fetch: leader_end,
            ..self
        }
    }

    /// Whether it has had everything there was within the last `lag_max`.
    pub fn is_caught_up(&self, now: Timestamp, lag_max: Duration) -> bool {
        self.last_caught_up.is_some_and(|at| now.since(at) <= lag_max)
    }

    /// The follower asks for `offset`. It was caught up now if that is the leader's end, and at its previous fetch if
    /// that was the end then.
    fn fetched(&mut self, now: Timestamp, offset: Offset, leader_end: Offset, broker_epoch: BrokerEpoch) {
        if leader_end <= offset {
            self.last_caught_up = self.last_caught_up.max(Some(now));
        } else if self.leader_end_at_last_fetch <= offset && self.end_offset.is_some() {
            self.last_caught_up = self.last_caught_up.max(Some(self.last_fetch));
        }
        self.end_offset = Some(offset);
        self.leader_end_at_last_fetch = leader_end;
        self.last_fetch = now;
        self.broker_epoch = broker_epoch;
    }
}

/// A leadership.
///
/// * `followers` has every replica but this broker.
/// * A follower's end is what it asked for in this leadership, never what was sent to it.
pub(super) struct Leader {
    /// Where the log ended when this leader epoch began.
    pub start_offset: Offset,
    pub isr: IsrState,
    pub followers: BTreeMap<BrokerId, Progress>,
    pub purgatory: Purgatory,
}

impl Leader {
    /// A new leader epoch. What `known` says of followers is kept if this broker was leader before.
    pub fn new(
        env: &Env<'_>,
        local: BrokerId,
        state: &PartitionState,
        start_offset: Offset,
        known: Option<BTreeMap<BrokerId, Progress>>,
    ) -> Leader {
        let known = known.unwrap_or_default();
        let followers = state.replicas.iter().filter(|replica| **replica != local).map(|replica| {
            // Members of the ISR get the time to make their first fetch.
            let since = state.isr.contains(replica).then_some(env.clock);
            let progress = match known.get(replica) {
                Some(progress) => progress.reelected(since, start_offset),
                None => Progress::unknown(since),
            };
            (*replica, progress)
        });
        Leader {
            start_offset,
            isr: IsrState::new(env.now + env.config.replica_lag_time_max / 2),
            followers: followers.collect(),
            purgatory: Purgatory::default(),
        }
    }
}

/// Whether a follower with this progress may join the ISR as far as its broker goes: not fenced, not stopping
/// (KIP-841), and fetching under the epoch it is registered with (KIP-903).
pub(super) fn is_eligible(
    brokers: &BTreeMap<BrokerId, BrokerRegistration>,
    follower: BrokerId,
    progress: &Progress,
) -> bool {
    brokers.get(&follower).is_some_and(|registration| {
        let same = progress.broker_epoch == BrokerEpoch::NONE || progress.broker_epoch == registration.epoch;
        registration.is_active() && same
    })
}

impl Replica {
    /// A follower asks for `offset`: it has everything below. `false` if it is no follower of this leader, or asks under
    /// an older registration than the one it has or was seen with: that process, and perhaps its log, is gone
    /// (`Replica.updateFetchStateOrThrow`).
    pub fn follower_fetched(
        &mut self,
        env: &mut Env<'_>,
        follower: BrokerId,
        broker_epoch: BrokerEpoch,
        offset: Offset,
    ) -> bool {
        let leader_end = self.log.end_offset();
        let Role::Leader(leader) = &mut self.role else { return false };
        let Some(progress) = leader.followers.get_mut(&follower) else { return false };
        let registered = env.brokers.get(&follower).map_or(BrokerEpoch::NONE, |known| known.epoch);
        if broker_epoch != BrokerEpoch::NONE && broker_epoch < progress.broker_epoch.max(registered) {
            return false;
        }
        progress.fetched(env.clock, offset, leader_end, broker_epoch);
        self.propose_expansion(env, follower);
        self.advance_high_watermark(env);
        true
    }

    /// Moves the high watermark as far as everybody who counts has come (`Partition.maybeIncrementLeaderHW`): this
    /// leader, every member of the maximal ISR, and every follower that is caught up and eligible and will soon be in
    /// it. Never while the ISR is smaller than min.insync.replicas (KAFKA-15583).
    pub(super) fn advance_high_watermark(&mut self, env: &mut Env<'_>) {
        let Role::Leader(leader) = &self.role else { return };
        if self.state.isr.len() < self.effective_min_insync() {
            return;
        }
        let maximal = leader.isr.maximal(&self.state.isr);
        let mut reached = self.log.countable_end_offset();
        for (follower, progress) in &leader.followers {
            let caught_up = progress.is_caught_up(env.clock, env.config.replica_lag_time_max);
            let counts =
                maximal.contains(follower) || (caught_up && is_eligible(env.brokers, *follower, progress));
            if counts {
                reached = reached.min(progress.end_offset.unwrap_or(Offset::ZERO));
            }
        }
        if self.high_watermark < reached {
            self.set_high_watermark(env, reached);
            self.complete_replicated_produces(env);
        }
    }

    /// Where the log ended when this leader epoch began; `None` if it does not lead.
    pub(super) fn leader_start_offset(&self) -> Option<Offset> {
        match &self.role {
            Role::Leader(leader) => Some(leader.start_offset),
            Role::Idle | Role::Follower(_) | Role::Barred => None,
        }
    }

    /// min.insync.replicas, or the replication factor if that is smaller.
    pub(super) fn effective_min_insync(&self) -> usize {
        self.config.min_insync_replicas.min(self.state.replicas.len())
    }
}
