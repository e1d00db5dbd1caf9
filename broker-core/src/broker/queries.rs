//! Questions that change nothing: versions, metadata, offsets, leader epochs.

use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{
    BrokerId as WireBrokerId, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest, MetadataResponse,
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::node::Broker;
use crate::error::ErrorCode;
use crate::metadata::TopicImage;
use crate::types::{BrokerId, LeaderEpoch, Offset, TopicId, TopicPartition};
use crate::wire::VERSIONS;

/// `ListOffsetsRequest.EARLIEST_TIMESTAMP`.
const EARLIEST: i64 = -2;
/// `ListOffsetsRequest.LATEST_TIMESTAMP`.
const LATEST: i64 = -1;
/// `ListOffsetsRequest.EARLIEST_LOCAL_TIMESTAMP`: no version spoken here knows what is below.
const LOWEST_KNOWN: i64 = -4;

/// What is spoken, as ApiVersions tells it.
pub(super) fn api_versions() -> Vec<ApiVersion> {
    let versions = VERSIONS.iter().map(|(api, min, max)| {
        ApiVersion::default().with_api_key(*api as i16).with_min_version(*min).with_max_version(*max)
    });
    versions.collect()
}

impl Broker {
    pub(super) fn metadata(&self, body: &MetadataRequest) -> MetadataResponse {
        let image = &self.shared.image;
        let brokers = image.brokers().iter().filter(|(_, registration)| !registration.fenced);
        let brokers = brokers.map(|(id, registration)| {
            MetadataResponseBroker::default()
                .with_node_id(WireBrokerId(id.0))
                .with_host(StrBytes::from_string(registration.endpoint.host.to_string()))
                .with_port(i32::from(registration.endpoint.port))
        });
        let topics: Vec<MetadataResponseTopic> = match &body.topics {
            None => image.topics().iter().map(|(id, topic)| describe(*id, topic)).collect(),
            Some(asked) => {
                let by_id = |id| self.describe_by_id(TopicId::from_uuid(id));
                let one = |topic: &MetadataRequestTopic| match &topic.name {
                    Some(name) => self.describe_by_name(name.clone()),
                    None => by_id(topic.topic_id),
                };
                asked.iter().map(one).collect()
            }
        };
        MetadataResponse::default()
            .with_brokers(brokers.collect())
            .with_controller_id(WireBrokerId(BrokerId::NONE.0))
            .with_topics(topics)
    }

    fn describe_by_name(&self, name: TopicName) -> MetadataResponseTopic {
        let image = &self.shared.image;
        match image.topic_id(name.0.as_str()) {
            Some(id) => describe(id, &image.topics()[&id]),
            None => MetadataResponseTopic::default()
                .with_error_code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0)
                .with_name(Some(name)),
        }
    }

    fn describe_by_id(&self, id: TopicId) -> MetadataResponseTopic {
        match self.shared.image.topics().get(&id) {
            Some(topic) => describe(id, topic),
            None => MetadataResponseTopic::default()
                .with_error_code(ErrorCode::UNKNOWN_TOPIC_ID.0)
                .with_topic_id(id.to_uuid()),
        }
    }

    pub(super) fn list_offsets(&self, body: &ListOffsetsRequest) -> ListOffsetsResponse {
        let topics = body.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|asked| {
                let topic_partition = TopicPartition::new(topic.name.0.as_str(), asked.partition_index);
                let epoch = LeaderEpoch(asked.current_leader_epoch).known();
                let answer =
                    ListOffsetsPartitionResponse::default().with_partition_index(asked.partition_index);
                match self.find_offset(&topic_partition, asked.timestamp, epoch) {
                    Ok((offset, epoch)) => answer.with_offset(offset.0).with_leader_epoch(epoch.0),
                    Err(error) => answer.with_error_code(error.0),
                }
            });
            ListOffsetsTopicResponse::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        ListOffsetsResponse::default().with_topics(topics.collect())
    }

    fn find_offset(
        &self,
        topic_partition: &TopicPartition,
        timestamp: i64,
        epoch: Option<LeaderEpoch>,
    ) -> Result<(Offset, LeaderEpoch), ErrorCode> {
        if timestamp < LOWEST_KNOWN {
            return Err(ErrorCode::UNSUPPORTED_VERSION);
        }
        let replica = self.replica_here(topic_partition)?;
        match timestamp {
            LATEST => Ok((replica.latest_visible(epoch)?, replica.state().leader_epoch)),
            EARLIEST => {
                let error = replica.check_leader_epoch(epoch);
                if !error.is_none() {
                    return Err(error);
                }
                // Of the first record, not of the leader: a reader will be asked which epoch is before its position.
                let start = replica.log().start_offset();
                let first = replica.log().epochs().entries().first();
                let first = first.filter(|entry| entry.start_offset <= start);
                Ok((start, first.map_or(LeaderEpoch::NONE, |entry| entry.epoch)))
            }
            // Looking up by time is not part of this broker.
            _ => Err(ErrorCode::INVALID_REQUEST),
        }
    }

    pub(super) fn offset_for_leader_epoch(
        &self,
        body: &OffsetForLeaderEpochRequest,
    ) -> OffsetForLeaderEpochResponse {
        let topics = body.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|asked| {
                let topic_partition = TopicPartition::new(topic.topic.0.as_str(), asked.partition);
                let current = LeaderEpoch(asked.current_leader_epoch).known();
                let answer = EpochEndOffset::default().with_partition(asked.partition);
                let replica = match self.replica_here(&topic_partition) {
                    Ok(replica) => replica,
                    Err(error) => return answer.with_error_code(error.0),
                };
                let error = replica.check_leader_epoch(current);
                if !error.is_none() {
                    return answer.with_error_code(error.0);
                }
                // Nothing is known of an epoch above all others, or of none: Kafka answers -1 and -1.
                let end = LeaderEpoch(asked.leader_epoch).known();
                match end.and_then(|epoch| replica.log().epoch_end_offset(epoch)) {
                    Some(end) => answer.with_leader_epoch(end.epoch.0).with_end_offset(end.end_offset.0),
                    None => answer.with_leader_epoch(-1).with_end_offset(-1),
                }
            });
            OffsetForLeaderTopicResult::default()
                .with_topic(topic.topic.clone())
                .with_partitions(partitions.collect())
        });
        OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
    }
}

fn describe(id: TopicId, topic: &TopicImage) -> MetadataResponseTopic {
    let ids = |brokers: &[BrokerId]| brokers.iter().map(|broker| WireBrokerId(broker.0)).collect();
    let partitions = topic.partitions.iter().zip(0..).map(|(state, index)| {
        let error =
            if state.leader == BrokerId::NONE { ErrorCode::LEADER_NOT_AVAILABLE } else { ErrorCode::NONE };
        MetadataResponsePartition::default()
            .with_error_code(error.0)
            .with_partition_index(index)
            .with_leader_id(WireBrokerId(state.leader.0))
            .with_leader_epoch(state.leader_epoch.0)
            .with_replica_nodes(ids(&state.replicas))
            .with_isr_nodes(ids(&state.isr))
    });
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_string(topic.name.to_string()))))
        .with_topic_id(id.to_uuid())
        .with_partitions(partitions.collect())
}
