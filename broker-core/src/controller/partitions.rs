//! A leader wants another ISR: AlterPartition (`ReplicationControlManager.alterPartition`, KIP-497).

use kafka_protocol::messages::alter_partition_request as alter_request;
use kafka_protocol::messages::alter_partition_response as alter_response;
use kafka_protocol::messages::{AlterPartitionRequest, AlterPartitionResponse, BrokerId as WireBrokerId};

use super::changes::Change;
use super::elect::{Election, Target, elect};
use super::node::Controller;
use crate::error::ErrorCode;
use crate::event::Event;
use crate::io::ConnectionId;
use crate::time::Timestamp;
use crate::types::{BrokerId, LeaderEpoch, PartitionEpoch, TopicId};
use crate::wire::RequestContext;

impl Controller {
    /// A compare-and-set on leader epoch and partition epoch, one for each topic partition.
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
                    self.commit(now, None, vec![Change { topic, topic_partition, election }]);
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
        let target = Target { isr: &isr, unclean_shutdown: None };
        Ok(elect(state, self.rules(topic), target, |member| self.is_active(member)))
    }
}
