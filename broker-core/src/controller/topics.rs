//! What clients and brokers ask to be created: topics and blocks of producer ids (`ReplicationControlManager`,
//! `ProducerIdControlManager`).

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
use crate::types::{BrokerId, ProducerId, TopicId};
use crate::wire::RequestContext;

/// How many producer ids a broker gets at once (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
const PRODUCER_ID_BLOCK: i32 = 1000;

/// Bytes of a topic's name (`Topic.MAX_NAME_LENGTH`).
const TOPIC_NAME_MAX: usize = 249;

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
            let next = ProducerId(start.0 + i64::from(PRODUCER_ID_BLOCK));
            self.write(now, vec![MetadataRecord::ProducerIds { next }]);
            response.producer_id_start = WireProducerId(start.0);
            response.producer_id_len = PRODUCER_ID_BLOCK;
        }
        self.respond(connection, context, &response);
    }

    pub(super) fn create_topics(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: CreateTopicsRequest,
    ) {
        let mut response = CreateTopicsResponse::default();
        for topic in body.topics {
            let mut result = CreatableTopicResult::default().with_name(topic.name.clone());
            match self.plan_topic(&topic) {
                Ok((id, records)) => {
                    result.topic_id = id.to_uuid();
                    result.num_partitions = topic.num_partitions;
                    result.replication_factor = topic.replication_factor;
                    self.write(now, records);
                }
                Err(error) => result.error_code = error.0,
            }
            response.topics.push(result);
        }
        self.respond(connection, context, &response);
    }

    /// The records of a new topic. Replicas are dealt round robin over the live brokers, so that leadership is spread.
    fn plan_topic(&self, topic: &CreatableTopic) -> Result<(TopicId, Vec<MetadataRecord>), ErrorCode> {
        let name = topic.name.0.as_str();
        if !is_legal_name(name) {
            return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
        }
        if self.image.topic_id(name).is_some() {
            return Err(ErrorCode::TOPIC_ALREADY_EXISTS);
        }
        if topic.num_partitions <= 0 {
            return Err(ErrorCode::INVALID_PARTITIONS);
        }
        let mut configs = Vec::new();
        let mut properties = Properties::new(Scope::Topic);
        for config in &topic.configs {
            let value = config.value.as_ref().map_or("", |value| value.as_str());
            properties
                .set(config.name.as_str(), RawValue::Text(value))
                .map_err(|_| ErrorCode::INVALID_CONFIG)?;
            configs.push((config.name.as_str().to_owned(), value.to_owned()));
        }
        let live: Vec<BrokerId> =
            self.image.brokers().keys().copied().filter(|broker| self.is_active(*broker)).collect();
        let factor = usize::try_from(topic.replication_factor)
            .ok()
            .filter(|factor| (1..=live.len()).contains(factor))
            .ok_or(ErrorCode::INVALID_REPLICATION_FACTOR)?;
        // The offset of a topic's own record is as unique as a random id, and the same in every run. Kafka reserves
        // the ids 0 and 1.
        let id = TopicId(self.image.end_offset().0 as u128 + 2);
        let mut records = vec![MetadataRecord::Topic { id, name: name.to_owned(), configs }];
        for partition in 0..topic.num_partitions {
            let replicas: Vec<BrokerId> =
                (0..factor).map(|index| live[(partition as usize + index) % live.len()]).collect();
            records.push(MetadataRecord::Partition {
                topic: id,
                partition,
                state: PartitionState::new(replicas),
            });
        }
        Ok((id, records))
    }
}

/// Whether a topic may have this name (`Topic.validate`): it becomes the name of a directory.
fn is_legal_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=TOPIC_NAME_MAX).contains(&name.len()) && name != "." && name != ".." && name.bytes().all(legal)
}
