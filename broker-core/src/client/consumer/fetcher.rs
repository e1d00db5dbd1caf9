//! The consumer itself: what it does at each input and when it wants to be woken.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::partition::{Need, PartitionState};
use crate::client::backoff::{Backoff, entropy_of, splitmix64};
use crate::client::metadata::{Leader, Metadata};
use crate::client::reconnect::Reconnect;
use crate::client::requests::Requests;
use crate::config::ConsumerConfig;
use crate::io::{Effect, HaltReason, Input, Node};
use crate::steady::Steady;
use crate::time::{Timestamp, earliest};
use crate::types::{BrokerId, Endpoint, Offset, TopicId, TopicPartition};

/// How far a consumer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadUntil {
    /// It never stops.
    Forever,
    /// Each topic partition up to the high watermark it had when it was first asked; then [`Effect::CaughtUp`].
    End,
}

/// What a request in flight is about.
#[derive(Debug)]
pub(super) enum About {
    Metadata,
    Offsets(Asked),
    Epochs(Asked),
    Fetch(Asked),
}

/// A request about topic partitions of one broker.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) broker: BrokerId,
    pub(super) names: Vec<(TopicPartition, TopicId)>,
}

/// A Kafka consumer of all partitions of some topics, without a group: emits [`Effect::Polled`].
///
/// Source: Kafka's `Fetcher`, `OffsetFetcher` and `OffsetsForLeaderEpochClient`; KIP-320, KIP-516.
///
/// * Records of one topic partition are polled in offset order, each once, unless a
///   [`crate::event::Event::ConsumerTruncated`] lies between, and without gaps unless a
///   [`crate::event::Event::ConsumerOffsetReset`] does.
/// * At most one fetch is in flight per broker.
/// * After [`Node::handle`] nothing is left that could be done at the same instant.
#[derive(Debug)]
pub struct Consumer {
    pub(super) config: ConsumerConfig,
    pub(super) metadata: Metadata,
    pub(super) requests: Requests<About>,
    pub(super) reconnect: Reconnect,
    pub(super) retry_backoff: Backoff,
    pub(super) partitions: BTreeMap<TopicPartition, PartitionState>,
    pub(super) effects: VecDeque<Effect>,
    topics: Vec<Arc<str>>,
    until: ReadUntil,
    steady: Steady,
}

impl Consumer {
    /// A consumer that knows nothing of the cluster but `bootstrap`, where it needs at least one node.
    pub fn new(
        config: ConsumerConfig,
        client_id: String,
        bootstrap: Vec<Endpoint>,
        topics: Vec<Arc<str>>,
        until: ReadUntil,
    ) -> Consumer {
        let entropy = entropy_of(&client_id);
        // Kafka's retry.backoff.max.ms is ten times retry.backoff.ms.
        let max = config.retry_backoff.saturating_mul(10);
        let backoff = |site: u64| Backoff::new(config.retry_backoff, max, splitmix64(entropy ^ site));
        let mut metadata = Metadata::new(bootstrap, config.metadata_max_age, backoff(1), entropy);
        for topic in &topics {
            metadata.watch(topic);
        }
        Consumer {
            metadata,
            requests: Requests::new(client_id),
            reconnect: Reconnect::new(backoff(2)),
            retry_backoff: backoff(3),
            partitions: BTreeMap::new(),
            effects: VecDeque::new(),
            topics,
            until,
            steady: Steady::default(),
            config,
        }
    }

    /// Whether every partition of every topic has been read to its end. Never, if it reads forever.
    pub fn done(&self) -> bool {
        self.until == ReadUntil::End
            && self.topics.iter().all(|topic| self.metadata.partitions(topic).next().is_some())
            && self.partitions.values().all(PartitionState::reached_end)
    }

    /// Whether it reads this topic.
    pub fn reads(&self, topic: &str) -> bool {
        self.topics.iter().any(|known| &**known == topic)
    }

    /// The offset of the record it reads next; none as long as it does not know where the log starts.
    pub fn position(&self, topic_partition: &TopicPartition) -> Option<Offset> {
        self.partitions.get(topic_partition)?.position()
    }

    fn advance(&mut self, now: Timestamp) {
        self.discover();
        if self.done() {
            return;
        }
        let leaderless = |(name, state): (&TopicPartition, &PartitionState)| {
            !state.reached_end() && !self.metadata.knows_leader(name)
        };
        let unknown = |topic: &Arc<str>| self.metadata.partitions(topic).next().is_none();
        if self.partitions.iter().any(leaderless) || self.topics.iter().any(unknown) {
            self.metadata.want_missing();
        }
        if let Some((to, body)) = self.metadata.start_refresh(now) {
            let effect = self.requests.send(to, &body, self.config.request_timeout, About::Metadata);
            self.effects.push_back(effect);
        }
        self.ask_leaders(now);
    }

    fn discover(&mut self) {
        for topic in &self.topics {
            for partition in self.metadata.partitions(topic) {
                let name = TopicPartition::new(Arc::clone(topic), partition);
                let to_the_end = self.until == ReadUntil::End;
                self.partitions.entry(name).or_insert_with(|| PartitionState::new(to_the_end));
            }
        }
    }

    /// What is to be asked about this topic partition, of whom and from when on; none while something other than time
    /// stands in the way.
    pub(super) fn next_question(
        &self,
        name: &TopicPartition,
        state: &PartitionState,
    ) -> Option<(Need, Timestamp, Leader)> {
        let leader = self.metadata.leader(name)?;
        let (need, not_before) = state.need(leader.epoch)?;
        let is_fetch = |about: &About| matches!(about, About::Fetch(asked) if asked.broker == leader.broker);
        if need == Need::Records && self.requests.in_flight().any(is_fetch) {
            return None;
        }
        Some((need, not_before.max(self.reconnect.not_before(leader.broker)), leader))
    }
}

impl Node for Consumer {
    fn handle(&mut self, now: Timestamp, input: Input) {
        let now = self.steady.read(now);
        match input {
            Input::Tick => {}
            Input::Response { request, result } => self.finish_request(now, request, result),
            Input::Shutdown => self.effects.push_back(Effect::Halt { reason: HaltReason::Shutdown }),
            other => panic!("a consumer has no use for {other:?}"),
        }
        self.advance(now);
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        if self.done() {
            return None;
        }
        let questions = self
            .partitions
            .iter()
            .map(|(name, state)| self.next_question(name, state).map(|(_need, at, _leader)| at));
        questions.fold(self.metadata.next_deadline(), earliest).map(|at| self.steady.on_clock(at))
    }
}
