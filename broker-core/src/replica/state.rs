//! State of a replica and how metadata changes its role.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::damage::Damage;
use super::follower::Follower;
use super::leader::Leader;
use super::produce::ProduceResult;
use super::purgatory::ProduceToken;
use crate::config::{BrokerConfig, TopicConfig};
use crate::error::LogError;
use crate::event::Event;
use crate::io::Storage;
use crate::log::Log;
use crate::metadata::{BrokerRegistration, PartitionState};
use crate::time::{Timestamp, earliest};
use crate::types::{BrokerId, LeaderEpoch, Offset, PartitionEpoch, TopicId, TopicPartition};

/// What a replica may use while it handles something.
pub struct Env<'a> {
    /// Time on this host, which never goes back: for what is planned.
    pub now: Timestamp,
    /// What its clock shows, and that may be set: for what Kafka measures by `Time.milliseconds`.
    pub clock: Timestamp,
    /// The broker's files.
    pub storage: &'a mut dyn Storage,
    /// Brokers as this broker knows them: who is fenced, who is registered under which epoch.
    pub brokers: &'a BTreeMap<BrokerId, BrokerRegistration>,
    /// The broker's settings.
    pub config: &'a BrokerConfig,
    /// What the broker must do next.
    pub out: &'a mut Outbox,
}

/// What came of handling something.
#[derive(Debug, Default)]
pub struct Outbox {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Produces that waited and are done.
    pub produced: Vec<(ProduceToken, TopicPartition, ProduceResult)>,
    /// Topic partitions in which a waiting fetch may find something new.
    pub readable: BTreeSet<TopicPartition>,
}

pub(super) enum Role {
    /// Nobody leads, or nothing is known yet.
    Idle,
    Leader(Leader),
    Follower(Follower),
    /// Elected, but damaged: nobody leads, and who asks is told that the disk is to blame.
    Barred,
}

/// One broker's replica of one topic partition.
///
/// * log start <= high watermark <= log end.
/// * Leader epoch and partition epoch never go back.
/// * Leader only in the leader epoch in which metadata names this broker, and never while it is damaged.
/// * A pending produce belongs to the current leader epoch.
pub struct Replica {
    pub(super) topic_id: TopicId,
    pub(super) local: BrokerId,
    pub(super) config: TopicConfig,
    pub(super) log: Log,
    pub(super) high_watermark: Offset,
    pub(super) state: PartitionState,
    pub(super) role: Role,
    pub(super) damage: Option<Damage>,
}

impl Replica {
    /// A replica over an open log, with the high watermark its checkpoint says, which is clipped to the log. It does
    /// nothing until metadata is applied.
    pub fn new(
        topic_id: TopicId,
        local: BrokerId,
        config: TopicConfig,
        log: Log,
        checkpointed_high_watermark: Offset,
    ) -> Replica {
        let high_watermark = checkpointed_high_watermark.clamp(log.start_offset(), log.end_offset());
        let state = PartitionState {
            replicas: Vec::new(),
            isr: Vec::new(),
            elr: Vec::new(),
            last_known_leader: BrokerId::NONE,
            leader: BrokerId::NONE,
            leader_epoch: LeaderEpoch::NONE,
            partition_epoch: PartitionEpoch(-1),
        };
        Replica { topic_id, local, config, log, high_watermark, state, role: Role::Idle, damage: None }
    }

    /// Which topic partition.
    pub fn topic_partition(&self) -> &TopicPartition {
        self.log.topic_partition()
    }

    /// The id of its topic.
    pub fn topic_id(&self) -> TopicId {
        self.topic_id
    }

    /// Its log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Its log, for flushes and checkpoints. What is appended goes through [`Replica::produce`] and
    /// [`Replica::fetched`].
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    /// How long a record may stay unflushed as far as the flush scheduler is concerned (flush.ms); `None`: forever.
    pub fn flush_interval(&self) -> Option<Duration> {
        self.config.flush.interval
    }

    /// Everything below is committed, as far as this replica knows.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Leader, ISR and epochs as last told by the controller.
    pub fn state(&self) -> &PartitionState {
        &self.state
    }

    /// Whether it leads, in the leader epoch of [`Replica::state`].
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// Committed ISR and what this leader asked to add to it; `None` if it does not lead.
    pub fn maximal_isr(&self) -> Option<&[BrokerId]> {
        match &self.role {
            Role::Leader(leader) => Some(leader.isr.maximal(&self.state.isr)),
            Role::Idle | Role::Follower(_) | Role::Barred => None,
        }
    }

    /// Applies what the controller says. Older or equal partition epochs are ignored; a newer one overrides whatever
    /// this leader had asked for.
    ///
    /// # Errors
    /// If the log fails.
    pub fn apply_metadata(&mut self, env: &mut Env<'_>, state: &PartitionState) -> Result<(), LogError> {
        if state.partition_epoch <= self.state.partition_epoch {
            return Ok(());
        }
        assert!(
            self.state.leader_epoch <= state.leader_epoch,
            "leader epoch back: {:?} {state:?}",
            self.state
        );
        let new_leader_epoch = self.state.leader_epoch < state.leader_epoch;
        self.witness(env, state);
        let before = std::mem::replace(&mut self.state, state.clone());
        if state.leader == self.local && !self.is_barred() {
            self.lead(env, new_leader_epoch);
            self.isr_committed(env, &before.isr);
            self.advance_high_watermark(env);
        } else if new_leader_epoch || self.is_leader() {
            self.follow(env);
        }
        self.check();
        Ok(())
    }

    /// Becomes leader, or goes on being it in a newer leader epoch.
    fn lead(&mut self, env: &mut Env<'_>, new_leader_epoch: bool) {
        if !new_leader_epoch && self.is_leader() {
            return;
        }
        let start_offset = self.log.end_offset();
        // Even without data (KAFKA-7415): a follower must learn where the epoch before this one ended.
        self.log.assign_epoch_start(self.state.leader_epoch, start_offset);
        // What earlier promises were waiting for may never come true in this leader epoch.
        self.abandon_produces(env);
        let followers = match std::mem::replace(&mut self.role, Role::Idle) {
            Role::Leader(leader) => Some(leader.followers),
            Role::Idle | Role::Follower(_) | Role::Barred => None,
        };
        self.role = Role::Leader(Leader::new(env, self.local, &self.state, start_offset, followers));
        env.out.events.push(Event::LeaderStarted {
            topic_partition: self.topic_partition().clone(),
            leader_epoch: self.state.leader_epoch,
            start_offset,
        });
    }

    /// Follows whoever leads now, if anybody does; a damaged replica that should lead waits.
    fn follow(&mut self, env: &mut Env<'_>) {
        self.abandon_produces(env);
        let topic_partition = self.topic_partition().clone();
        let leader_epoch = self.state.leader_epoch;
        // A fetch that waits here must learn that this broker leads no longer.
        env.out.readable.insert(topic_partition.clone());
        if self.state.leader == BrokerId::NONE {
            self.role = Role::Idle;
            env.out.events.push(Event::LeaderLost { topic_partition, leader_epoch });
        } else if self.state.leader == self.local {
            self.role = Role::Barred;
            env.out.events.push(Event::LeadershipRefused { topic_partition, leader_epoch });
        } else {
            self.role = Role::Follower(Follower::new(self.state.leader, leader_epoch));
            let leader = self.state.leader;
            env.out.events.push(Event::FollowerStarted { topic_partition, leader_epoch, leader });
        }
    }

    /// Time went by.
    pub fn tick(&mut self, env: &mut Env<'_>) {
        self.expire_produces(env);
        self.propose_shrink(env);
        match &mut self.role {
            Role::Leader(leader) => leader.isr.tick(env.now),
            Role::Follower(follower) => follower.tick(env.now),
            Role::Idle | Role::Barred => {}
        }
    }

    /// When [`Replica::tick`] has something to do.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        match &self.role {
            Role::Leader(leader) => earliest(leader.purgatory.next_deadline(), leader.isr.next_deadline()),
            Role::Follower(follower) => follower.backoff_until(),
            Role::Idle | Role::Barred => None,
        }
    }

    /// The flush under way is done: more of the log may count now.
    pub fn flushed(&mut self, env: &mut Env<'_>) {
        self.log.finish_flush();
        env.out.events.push(Event::FlushFinished {
            topic_partition: self.topic_partition().clone(),
            recovery_point: self.log.recovery_point(),
        });
        if self.is_leader() {
            self.advance_high_watermark(env);
            self.complete_replicated_produces(env);
            self.complete_local_produces(env);
        }
    }

    pub(super) fn set_high_watermark(&mut self, env: &mut Env<'_>, to: Offset) {
        if to == self.high_watermark {
            return;
        }
        self.high_watermark = to;
        let topic_partition = self.topic_partition().clone();
        env.out.readable.insert(topic_partition.clone());
        env.out.events.push(Event::HighWatermarkMoved {
            topic_partition,
            high_watermark: to,
            leader: self.is_leader(),
        });
    }

    /// The invariants of this type.
    pub(super) fn check(&self) {
        let (start, end) = (self.log.start_offset(), self.log.end_offset());
        assert!(
            start <= self.high_watermark && self.high_watermark <= end,
            "{}: high watermark {} outside {start}..={end}",
            self.topic_partition(),
            self.high_watermark
        );
        let elected = self.is_leader() || matches!(self.role, Role::Barred);
        assert_eq!(elected, self.state.leader == self.local, "{}", self.topic_partition());
        assert!(!self.is_leader() || !self.is_barred(), "{} leads damaged", self.topic_partition());
    }
}
