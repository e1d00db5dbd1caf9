//! What clients and brokers ask to be created: topics and blocks of producer ids (`ReplicationControlManager`,
//! `ProducerIdControlManager`).

use std::collections::BTreeMap;

use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, CreateTopicsRequest, CreateTopicsResponse,
    ProducerId as WireProducerId,
};

use super::node::Controller;
use crate::config::{Properties, RawValue, Scope};
use crate::error::ErrorCode;
use crate::io::ConnectionId;
use crate::metadata::{MetadataRecord, PartitionState};
use crate::time::Timestamp;
use crate::types::{BrokerId, ProducerId, TopicId, TopicPartition};
use crate::wire::RequestContext;

/// How many producer ids a broker gets at once (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
const PRODUCER_ID_BLOCK: i32 = 1000;

/// How many partitions one request may create (`ReplicationControlManager.MAX_PARTITIONS_PER_BATCH`).
const PARTITIONS_MAX: i64 = 10_000;

impl Controller {
    pub(super) fn allocate_producer_ids(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: &AllocateProducerIdsRequest,
    ) {
        let mut response = AllocateProducerIdsResponse::default();
        let known = self.image.broker(BrokerId(body.broker_id.0));
        if known.is_none_or(|known| known.epoch.0 != body.broker_epoch) {
            response.error_code = ErrorCode::STALE_BROKER_EPOCH.0;
        } else {
            let start = self.image.next_producer_id();
            match start.0.checked_add(i64::from(PRODUCER_ID_BLOCK)) {
                Some(next) => {
                    self.write(now, vec![MetadataRecord::ProducerIds { next: ProducerId(next) }]);
                    response.producer_id_start = WireProducerId(start.0);
                    response.producer_id_len = PRODUCER_ID_BLOCK;
                }
                None => response.error_code = ErrorCode::UNKNOWN_SERVER_ERROR.0,
            }
        }
        self.respond(connection, context, &response);
    }

    /// Creates all topics of a request that can be, in one batch (`ReplicationControlManager.createTopics`).
    pub(super) fn create_topics(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: &CreateTopicsRequest,
    ) {
        let partitions = body.topics.iter().map(|topic| i64::from(partitions_asked(topic).max(0)));
        let too_many = PARTITIONS_MAX < partitions.fold(0, i64::saturating_add);
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for topic in &body.topics {
            *times.entry(topic.name.0.as_str()).or_default() += 1;
        }
        let mut response = CreateTopicsResponse::default();
        let mut records = Vec::new();
        for topic in &body.topics {
            let mut result = CreatableTopicResult::default().with_name(topic.name.clone());
            // A name that comes more than once is answered once.
            let planned = match times.insert(topic.name.0.as_str(), 0) {
                Some(0) => continue,
                _ if too_many => Err(ErrorCode::POLICY_VIOLATION),
                Some(1) => self.plan_topic(topic, records.len()),
                _ => Err(ErrorCode::INVALID_REQUEST),
            };
            match planned {
                Ok(plan) => {
                    result.topic_id = plan.id.to_uuid();
                    result.num_partitions = plan.partitions;
                    result.replication_factor = plan.factor;
                    records.extend(plan.records);
                }
                Err(error) => result.error_code = error.0,
            }
            response.topics.push(result);
        }
        if !body.validate_only {
            self.write(now, records);
        }
        self.respond(connection, context, &response);
    }

    /// The records of a new topic, which come after `before` others in their batch. Replicas are dealt round robin over
    /// the live brokers, so that leadership is spread.
    fn plan_topic(&self, topic: &CreatableTopic, before: usize) -> Result<Plan, ErrorCode> {
        let name = topic.name.0.as_str();
        if name == TopicPartition::metadata().topic.as_ref() {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        if !TopicPartition::is_legal_topic(name) {
            return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
        }
        if self.image.topic_id(name).is_some() {
            return Err(ErrorCode::TOPIC_ALREADY_EXISTS);
        }
        if self.image.topics().values().any(|other| collide(&other.name, name)) {
            return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
        }
        if !topic.assignments.is_empty() {
            return Err(ErrorCode::INVALID_REPLICA_ASSIGNMENT);
        }
        let partitions = partitions_asked(topic);
        if partitions <= 0 {
            return Err(ErrorCode::INVALID_PARTITIONS);
        }
        let configs = check_configs(topic)?;
        let live: Vec<BrokerId> =
            self.image.brokers().keys().copied().filter(|broker| self.is_active(*broker)).collect();
        let factor = if topic.replication_factor == -1 { 1 } else { topic.replication_factor };
        let count = usize::try_from(factor)
            .ok()
            .filter(|factor| (1..=live.len()).contains(factor))
            .ok_or(ErrorCode::INVALID_REPLICATION_FACTOR)?;
        // The offset of a topic's own record is as unique as a random id, and the same in every run. Kafka reserves
        // the ids 0 and 1.
        let id = TopicId(self.image.end_offset().0 as u128 + before as u128 + 2);
        let mut records = vec![MetadataRecord::Topic { id, name: name.to_owned(), configs }];
        records.extend((0..partitions).map(|partition| {
            let dealt = (0..count).map(|index| live[(partition as usize + index) % live.len()]);
            MetadataRecord::Partition { topic: id, partition, state: PartitionState::new(dealt.collect()) }
        }));
        Ok(Plan { id, partitions, factor, records })
    }
}

/// A topic that can be created.
struct Plan {
    id: TopicId,
    partitions: i32,
    factor: i16,
    records: Vec<MetadataRecord>,
}

/// -1 stands for num.partitions, which is 1.
fn partitions_asked(topic: &CreatableTopic) -> i32 {
    if topic.num_partitions == -1 { 1 } else { topic.num_partitions }
}

/// A topic's settings as text, each at most once: the last one counts.
fn check_configs(topic: &CreatableTopic) -> Result<Vec<(String, String)>, ErrorCode> {
    let mut configs = BTreeMap::new();
    let mut properties = Properties::new(Scope::Topic);
    for config in &topic.configs {
        let value = config.value.as_ref().ok_or(ErrorCode::INVALID_CONFIG)?.as_str();
        let set = properties.set(config.name.as_str(), RawValue::Text(value));
        set.map_err(|_| ErrorCode::INVALID_CONFIG)?;
        configs.insert(config.name.as_str().to_owned(), value.to_owned());
    }
    Ok(configs.into_iter().collect())
}

/// Whether two topics differ only in what metrics write as the same character (`Topic.hasCollision`).
fn collide(one: &str, other: &str) -> bool {
    let unified = |byte: u8| if byte == b'.' { b'_' } else { byte };
    one.len() == other.len() && one.bytes().map(unified).eq(other.bytes().map(unified))
}
