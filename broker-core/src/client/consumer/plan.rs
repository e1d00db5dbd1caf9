//! Which requests the consumer sends: what its topic partitions need, gathered by broker and kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::{FetchRequest, ListOffsetsRequest, OffsetForLeaderEpochRequest};

use super::fetcher::{About, Asked, Consumer};
use super::partition::Need;
use crate::client::metadata::Leader;
use crate::client::requests::{topic_name, wire_millis};
use crate::io::Effect;
use crate::time::Timestamp;
use crate::types::{BrokerId, Offset, TopicPartition};

/// Asks for the first offset (`ListOffsetsRequest.EARLIEST_TIMESTAMP`).
const EARLIEST: i64 = -2;
/// Asks for the end (`ListOffsetsRequest.LATEST_TIMESTAMP`).
const LATEST: i64 = -1;

/// Requests are gathered by broker and by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Offsets,
    Epochs,
    Fetch,
}

struct Question {
    name: TopicPartition,
    need: Need,
    leader: Leader,
}

impl Consumer {
    /// Sends everything that is due.
    pub(super) fn ask_leaders(&mut self, now: Timestamp) {
        let mut plan: BTreeMap<(BrokerId, Kind), Vec<Question>> = BTreeMap::new();
        for (name, state) in &self.partitions {
            let Some((need, at, leader)) = self.next_question(name, state) else { continue };
            if now < at {
                continue;
            }
            let kind = match need {
                Need::StartOffset | Need::EndOffset => Kind::Offsets,
                Need::EpochEnd => Kind::Epochs,
                Need::Records => Kind::Fetch,
            };
            let question = Question { name: name.clone(), need, leader };
            plan.entry((question.leader.broker, kind)).or_default().push(question);
        }
        for ((broker, kind), questions) in plan {
            for Question { name, need, leader } in &questions {
                self.partitions.get_mut(name).expect("planned above").ask(*need, leader.epoch);
            }
            let effect = self.request(broker, kind, &questions);
            self.effects.push_back(effect);
        }
    }

    fn request(&mut self, broker: BrokerId, kind: Kind, questions: &[Question]) -> Effect {
        let to = questions[0].leader.endpoint.clone();
        let timeout = self.config.request_timeout;
        let names =
            questions.iter().map(|question| (question.name.clone(), question.leader.topic_id)).collect();
        let asked = Asked { broker, names };
        match kind {
            Kind::Offsets => self.requests.send(to, &list_offsets(questions), timeout, About::Offsets(asked)),
            Kind::Epochs => {
                let body = epoch_ends(self, questions);
                self.requests.send(to, &body, timeout, About::Epochs(asked))
            }
            Kind::Fetch => {
                let body = self.fetch(questions);
                let timeout = timeout + self.config.fetch_max_wait;
                self.requests.send(to, &body, timeout, About::Fetch(asked))
            }
        }
    }

    fn fetch(&self, questions: &[Question]) -> FetchRequest {
        let max_bytes = |bytes| i32::try_from(bytes).unwrap_or(i32::MAX);
        let mut topics: BTreeMap<_, FetchTopic> = BTreeMap::new();
        for Question { name, leader, .. } in questions {
            let state = &self.partitions[name];
            let partition = FetchPartition::default()
                .with_partition(name.partition)
                .with_current_leader_epoch(leader.epoch.0)
                .with_fetch_offset(state.position().unwrap_or(Offset::ZERO).0)
                .with_last_fetched_epoch(state.last_epoch().0)
                .with_partition_max_bytes(max_bytes(self.config.max_partition_fetch_bytes));
            let topic = || FetchTopic::default().with_topic_id(leader.topic_id.to_uuid());
            topics.entry(leader.topic_id).or_insert_with(topic).partitions.push(partition);
        }
        FetchRequest::default()
            .with_max_wait_ms(wire_millis(self.config.fetch_max_wait))
            .with_min_bytes(1)
            .with_max_bytes(max_bytes(self.config.fetch_max_bytes))
            .with_session_id(0)
            .with_session_epoch(-1)
            .with_topics(topics.into_values().collect())
    }
}

/// One value per topic, holding what `make` says of each of its partitions.
fn by_topic<P>(questions: &[Question], make: impl Fn(&Question) -> P) -> BTreeMap<Arc<str>, Vec<P>> {
    let mut topics: BTreeMap<_, Vec<P>> = BTreeMap::new();
    for question in questions {
        topics.entry(Arc::clone(&question.name.topic)).or_default().push(make(question));
    }
    topics
}

fn list_offsets(questions: &[Question]) -> ListOffsetsRequest {
    let topics = by_topic(questions, |Question { name, need, leader }| {
        ListOffsetsPartition::default()
            .with_partition_index(name.partition)
            .with_current_leader_epoch(leader.epoch.0)
            .with_timestamp(if *need == Need::StartOffset { EARLIEST } else { LATEST })
    });
    let topic = |(name, partitions): (Arc<str>, _)| {
        ListOffsetsTopic::default().with_name(topic_name(&name)).with_partitions(partitions)
    };
    ListOffsetsRequest::default()
        .with_replica_id(BrokerId::NONE.0.into())
        .with_topics(topics.into_iter().map(topic).collect())
}

fn epoch_ends(consumer: &Consumer, questions: &[Question]) -> OffsetForLeaderEpochRequest {
    let topics = by_topic(questions, |Question { name, leader, .. }| {
        OffsetForLeaderPartition::default()
            .with_partition(name.partition)
            .with_current_leader_epoch(leader.epoch.0)
            .with_leader_epoch(consumer.partitions[name].last_epoch().0)
    });
    let topic = |(name, partitions): (Arc<str>, _)| {
        OffsetForLeaderTopic::default().with_topic(topic_name(&name)).with_partitions(partitions)
    };
    OffsetForLeaderEpochRequest::default()
        .with_replica_id(BrokerId::NONE.0.into())
        .with_topics(topics.into_iter().map(topic).collect())
}
