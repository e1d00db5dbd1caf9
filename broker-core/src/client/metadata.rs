//! What a client knows of the cluster, and when it wants to know more (`Metadata`, `NetworkClient`'s updater).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};

use super::backoff::Backoff;
use super::requests::topic_name;
use crate::time::Timestamp;
use crate::types::{BrokerId, Endpoint, LeaderEpoch, TopicId, TopicPartition};

/// The leader of one topic partition, as far as the client knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leader {
    pub(super) broker: BrokerId,
    pub(super) endpoint: Endpoint,
    pub(super) epoch: LeaderEpoch,
    pub(super) topic_id: TopicId,
}

#[derive(Clone, Copy, Debug)]
struct KnownPartition {
    leader: BrokerId,
    epoch: LeaderEpoch,
}

#[derive(Debug)]
struct KnownTopic {
    id: TopicId,
    partitions: BTreeMap<i32, KnownPartition>,
}

/// Cached cluster metadata of the topics a client works with.
///
/// * The leader epoch of a topic partition never goes back, unless the topic was deleted and created again.
/// * One metadata request is in flight at most, and none starts before the pause after the last one is over.
/// * Requests go to one node after the other: a node that is dead, or cut off from the controller and behind, is
///   asked once per round.
#[derive(Debug)]
pub(super) struct Metadata {
    wanted: BTreeSet<Arc<str>>,
    topics: BTreeMap<Arc<str>, KnownTopic>,
    bootstrap: Vec<Endpoint>,
    brokers: BTreeMap<BrokerId, Endpoint>,
    rotation: usize,
    max_age: Duration,
    backoff: Backoff,
    refresh: Refresh,
}

#[derive(Debug, Default)]
struct Refresh {
    in_flight: bool,
    asked: bool,
    failures: u32,
    not_before: Timestamp,
    expires: Option<Timestamp>,
}

impl Metadata {
    /// Knows nothing but some nodes, at least one. `first` picks the node to begin with.
    pub(super) fn new(bootstrap: Vec<Endpoint>, max_age: Duration, backoff: Backoff, first: u64) -> Metadata {
        assert!(!bootstrap.is_empty(), "a client needs at least one bootstrap node");
        let rotation = (first % bootstrap.len() as u64) as usize;
        Metadata {
            wanted: BTreeSet::new(),
            topics: BTreeMap::new(),
            bootstrap,
            brokers: BTreeMap::new(),
            rotation,
            max_age,
            backoff,
            refresh: Refresh::default(),
        }
    }

    /// From now on this topic is of interest. A new one need not wait for the pause between two refreshes.
    pub(super) fn watch(&mut self, topic: &Arc<str>) {
        if !self.wanted.contains(topic) {
            self.wanted.insert(Arc::clone(topic));
            self.refresh.asked = true;
            if self.refresh.failures == 0 {
                self.refresh.not_before = Timestamp::ZERO;
            }
        }
    }

    /// Something showed that what is known is out of date.
    pub(super) fn want_refresh(&mut self) {
        self.refresh.asked = true;
    }

    /// Something is missing; a request that is already in flight may bring it.
    pub(super) fn want_missing(&mut self) {
        self.refresh.asked |= !self.refresh.in_flight;
    }

    /// The leader of this topic partition, if it is known, has one and that is known too.
    pub(super) fn leader(&self, topic_partition: &TopicPartition) -> Option<Leader> {
        let topic = self.topics.get(&topic_partition.topic)?;
        let partition = topic.partitions.get(&topic_partition.partition)?;
        let endpoint = self.brokers.get(&partition.leader)?.clone();
        Some(Leader { broker: partition.leader, endpoint, epoch: partition.epoch, topic_id: topic.id })
    }

    /// Whether [`Metadata::leader`] knows one.
    pub(super) fn knows_leader(&self, topic_partition: &TopicPartition) -> bool {
        let topic = self.topics.get(&topic_partition.topic);
        let partition = topic.and_then(|topic| topic.partitions.get(&topic_partition.partition));
        partition.is_some_and(|partition| self.brokers.contains_key(&partition.leader))
    }

    /// The partitions of this topic, empty if it is unknown.
    pub(super) fn partitions(&self, topic: &str) -> impl Iterator<Item = i32> + '_ {
        self.topics.get(topic).into_iter().flat_map(|known| known.partitions.keys().copied())
    }

    /// Some node, another one each time: known brokers first, then bootstrap nodes that are not among them.
    pub(super) fn any_node(&mut self) -> Endpoint {
        let mut nodes: Vec<&Endpoint> = self.brokers.values().collect();
        let others: Vec<_> = self.bootstrap.iter().filter(|node| !nodes.contains(node)).collect();
        nodes.extend(others);
        let node = nodes[self.rotation % nodes.len()].clone();
        self.rotation = self.rotation.wrapping_add(1);
        node
    }

    /// When the next request is due, if none is in flight.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let Refresh { in_flight, asked, not_before, expires, .. } = self.refresh;
        match (in_flight, asked) {
            (true, _) => None,
            (false, true) => Some(not_before),
            (false, false) => expires.map(|expires| expires.max(not_before)),
        }
    }

    /// The request that is due at `now`, if one is, and to whom.
    pub(super) fn start_refresh(&mut self, now: Timestamp) -> Option<(Endpoint, MetadataRequest)> {
        if self.next_deadline().is_none_or(|due| now < due) || self.wanted.is_empty() {
            return None;
        }
        self.refresh.in_flight = true;
        self.refresh.asked = false;
        let topic = |name: &Arc<str>| MetadataRequestTopic::default().with_name(Some(topic_name(name)));
        let body = MetadataRequest::default()
            .with_topics(Some(self.wanted.iter().map(topic).collect()))
            .with_allow_auto_topic_creation(false);
        Some((self.any_node(), body))
    }

    /// The request in flight has ended, with a response or without.
    pub(super) fn finish_refresh(&mut self, now: Timestamp, response: Option<MetadataResponse>) {
        assert!(self.refresh.in_flight, "no metadata request is in flight");
        self.refresh.in_flight = false;
        let Some(response) = response else {
            self.refresh.asked = true;
            self.refresh.not_before = now + self.backoff.pause(self.refresh.failures);
            self.refresh.failures = self.refresh.failures.saturating_add(1);
            return;
        };
        self.refresh.failures = 0;
        self.refresh.not_before = now + self.backoff.pause(0);
        self.refresh.expires = Some(now + self.max_age);
        if !response.brokers.is_empty() {
            self.brokers = response
                .brokers
                .iter()
                .map(|broker| {
                    let port = u16::try_from(broker.port).unwrap_or(0);
                    (BrokerId(broker.node_id.0), Endpoint { host: Arc::from(&*broker.host), port })
                })
                .collect();
        }
        for topic in &response.topics {
            self.learn_topic(topic);
        }
    }

    fn learn_topic(&mut self, news: &MetadataResponseTopic) {
        let Some(name) = news.name.as_ref().and_then(|name| self.wanted.get(&*name.0)) else { return };
        if news.error_code != 0 {
            return;
        }
        let id = TopicId::from_uuid(news.topic_id);
        let known = self
            .topics
            .entry(Arc::clone(name))
            .or_insert_with(|| KnownTopic { id, partitions: BTreeMap::new() });
        if known.id != id {
            *known = KnownTopic { id, partitions: BTreeMap::new() };
        }
        for partition in &news.partitions {
            known.learn(partition);
        }
    }
}

impl KnownTopic {
    fn learn(&mut self, news: &MetadataResponsePartition) {
        let epoch = LeaderEpoch(news.leader_epoch);
        let known = self.partitions.get(&news.partition_index);
        if known.is_none_or(|known| known.epoch <= epoch) {
            let leader = BrokerId(news.leader_id.0);
            self.partitions.insert(news.partition_index, KnownPartition { leader, epoch });
        }
    }
}
