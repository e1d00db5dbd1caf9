//! Who leads and who is in sync: AlterPartition, elections, topics, producer ids (`ReplicationControlManager`,
//! `ProducerIdControlManager`).

use kafka_protocol::messages::alter_partition_request as alter_request;
use kafka_protocol::messages::alter_partition_response as alter_response;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, AlterPartitionRequest, AlterPartitionResponse,
    BrokerId as WireBrokerId, CreateTopicsRequest, CreateTopicsResponse, ProducerId as WireProducerId,
};

use super::elect::{Election, Unclean, elect};
use super::node::Controller;
use crate::config::{Properties, RawValue, Scope};
use crate::error::ErrorCode;
use crate::event::Event;
use crate::io::ConnectionId;
use crate::metadata::{MetadataRecord, PartitionState};
use crate::time::Timestamp;
use crate::types::{BrokerId, LeaderEpoch, PartitionEpoch, ProducerId, TopicId, TopicPartition};
use crate::wire::RequestContext;

/// How many producer ids a broker gets at once (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
const PRODUCER_ID_BLOCK: i32 = 1000;

/// Bytes of a topic's name (`Topic.MAX_NAME_LENGTH`).
const TOPIC_NAME_MAX: usize = 249;

impl Controller {
    /// Changes one topic partition as elected.
    fn change(
        &mut self,
        now: Timestamp,
        topic: TopicId,
        topic_partition: TopicPartition,
        election: Election,
    ) {
        let PartitionState { replicas, isr, leader, leader_epoch, partition_epoch } = election.state;
        let (partition, unclean) = (topic_partition.partition, election.unclean);
        self.observe(Event::PartitionChanged {
            topic_partition,
            leader,
            leader_epoch,
            partition_epoch,
            isr: isr.clone(),
            unclean,
        });
        let record = MetadataRecord::Partition {
            topic,
            partition,
            replicas,
            isr,
            leader,
            leader_epoch,
            partition_epoch,
        };
        self.write(now, vec![record]);
    }

    fn is_active(&self, broker: BrokerId) -> bool {
        self.image.broker(broker).is_some_and(crate::metadata::BrokerRegistration::is_active)
    }

    fn unclean(&self, topic: TopicId) -> Unclean {
        let allowed = self.image.topics()[&topic].config(&self.config.broker).unclean_leader_election;
        if allowed { Unclean::Allowed } else { Unclean::Forbidden }
    }

    /// Elections for every topic partition that `concerns`, with the ISR that `target` makes of it.
    fn elect_all(
        &mut self,
        now: Timestamp,
        concerns: impl Fn(&PartitionState) -> bool,
        target: impl Fn(&PartitionState) -> Vec<BrokerId>,
    ) {
        let concerned = self.image.partitions().filter(|(_, _, state)| concerns(state));
        let elections: Vec<_> = concerned
            .filter_map(|(topic, topic_partition, state)| {
                let unclean = self.unclean(topic);
                let election = elect(state, &target(state), |broker| self.is_active(broker), unclean)?;
                Some((topic, topic_partition, election))
            })
            .collect();
        for (topic, topic_partition, election) in elections {
            self.change(now, topic, topic_partition, election);
        }
    }

    /// A broker leaves every ISR it is in, unless it is the last member, and leads nothing.
    pub(super) fn remove_from_isrs(&mut self, now: Timestamp, broker: BrokerId) {
        let without =
            |state: &PartitionState| state.isr.iter().copied().filter(|member| *member != broker).collect();
        self.elect_all(now, |state| state.isr.contains(&broker), without);
    }

    /// Somebody came back: where nobody leads, somebody may now.
    pub(super) fn elect_where_nobody_leads(&mut self, now: Timestamp) {
        self.elect_all(now, |state| state.leader == BrokerId::NONE, |state| state.isr.clone());
    }

    /// A leader wants another ISR (KIP-497): a compare-and-set on leader epoch and partition epoch.
    pub(super) fn alter_partition(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: AlterPartitionRequest,
    ) {
        let broker = BrokerId(body.broker_id.0);
        let mut response = AlterPartitionResponse::default();
        if self.image.broker(broker).is_none_or(|known| known.epoch.0 != body.broker_epoch) {
            response.error_code = ErrorCode::STALE_BROKER_EPOCH.0;
            return self.respond(connection, context, &response);
        }
        for topic in body.topics {
            let id = TopicId::from_uuid(topic.topic_id);
            let partitions =
                topic.partitions.iter().map(|asked| self.alter_one(now, broker, id, asked)).collect();
            response.topics.push(
                alter_response::TopicData::default()
                    .with_topic_id(topic.topic_id)
                    .with_partitions(partitions),
            );
        }
        self.respond(connection, context, &response);
    }

    fn alter_one(
        &mut self,
        now: Timestamp,
        broker: BrokerId,
        topic: TopicId,
        asked: &alter_request::PartitionData,
    ) -> alter_response::PartitionData {
        let index = asked.partition_index;
        let mut answer = alter_response::PartitionData::default().with_partition_index(index);
        let result = self.check_alteration(broker, topic, asked);
        let topic_partition = self.image.topic_partition(topic, index);
        match (result, topic_partition) {
            (Ok(election), Some(topic_partition)) => {
                if let Some(election) = election {
                    self.change(now, topic, topic_partition, election);
                }
                let state = self.image.partition(topic, index).expect("it was just looked up");
                answer.leader_id = WireBrokerId(state.leader.0);
                answer.leader_epoch = state.leader_epoch.0;
                answer.partition_epoch = state.partition_epoch.0;
                answer.isr = state.isr.iter().map(|member| WireBrokerId(member.0)).collect();
            }
            (Err(error), Some(topic_partition)) => {
                answer.error_code = error.0;
                self.observe(Event::AlterPartitionRefused { topic_partition, broker, error });
            }
            (result, None) => answer.error_code = result.err().unwrap_or(ErrorCode::UNKNOWN_TOPIC_ID).0,
        }
        answer
    }

    /// The checks of `ReplicationControlManager.validateAlterPartitionData`, in its order.
    fn check_alteration(
        &self,
        broker: BrokerId,
        topic: TopicId,
        asked: &alter_request::PartitionData,
    ) -> Result<Option<Election>, ErrorCode> {
        let known = self.image.topics().contains_key(&topic);
        let unknown = if known { ErrorCode::UNKNOWN_TOPIC_OR_PARTITION } else { ErrorCode::UNKNOWN_TOPIC_ID };
        let state = self.image.partition(topic, asked.partition_index).ok_or(unknown)?;
        let (leader_epoch, partition_epoch) =
            (LeaderEpoch(asked.leader_epoch), PartitionEpoch(asked.partition_epoch));
        if state.leader_epoch < leader_epoch || state.partition_epoch < partition_epoch {
            return Err(ErrorCode::NOT_CONTROLLER);
        }
        if leader_epoch < state.leader_epoch {
            return Err(ErrorCode::FENCED_LEADER_EPOCH);
        }
        if broker != state.leader {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        if partition_epoch < state.partition_epoch {
            return Err(ErrorCode::INVALID_UPDATE_VERSION);
        }
        let isr: Vec<BrokerId> =
            asked.new_isr_with_epochs.iter().map(|member| BrokerId(member.broker_id.0)).collect();
        let within = isr.iter().all(|member| state.replicas.contains(member));
        let once = isr.iter().enumerate().all(|(index, member)| !isr[..index].contains(member));
        // 0 is RECOVERED; no partition is ever RECOVERING here (KIP-704).
        let recovered = asked.leader_recovery_state == 0;
        if isr.is_empty() || !within || !once || !isr.contains(&state.leader) || !recovered {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        let eligible = asked.new_isr_with_epochs.iter().all(|member| {
            let known = self.image.broker(BrokerId(member.broker_id.0));
            // -1 means that the leader does not know the epoch (KIP-903).
            known.is_some_and(|known| {
                known.is_active() && (member.broker_epoch == -1 || member.broker_epoch == known.epoch.0)
            })
        });
        if !eligible {
            return Err(ErrorCode::INELIGIBLE_REPLICA);
        }
        Ok(elect(state, &isr, |member| self.is_active(member), Unclean::Forbidden))
    }

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
                isr: replicas.clone(),
                leader: replicas[0],
                replicas,
                leader_epoch: LeaderEpoch(0),
                partition_epoch: PartitionEpoch(0),
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
