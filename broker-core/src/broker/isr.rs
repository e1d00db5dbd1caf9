//! Asking the controller for other ISRs, one request in flight (`AlterPartitionManager`).

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::alter_partition_request::{BrokerState, PartitionData, TopicData};
use kafka_protocol::messages::alter_partition_response as response;
use kafka_protocol::messages::{AlterPartitionRequest, BrokerId as WireBrokerId};

use super::node::Broker;
use super::peers::Purpose;
use crate::error::{ErrorCode, RequestError};
use crate::replica::{AlterPartitionOutcome, Proposal, Replica};
use crate::time::Timestamp;
use crate::types::{BrokerId, LeaderEpoch, PartitionEpoch, TopicId, TopicPartition};
use crate::wire;

impl Broker {
    pub(super) fn propose_isr_changes(&mut self, now: Timestamp) {
        let Some(epoch) = self.lifecycle.broker_epoch() else { return };
        if self.peers.is_under_way(|purpose| matches!(purpose, Purpose::AlterPartition(_))) {
            return;
        }
        let mut asked = Vec::new();
        let mut body = AlterPartitionRequest::default()
            .with_broker_id(WireBrokerId(self.id().0))
            .with_broker_epoch(epoch.0);
        for (topic_partition, replica) in &mut self.replicas {
            let Some(proposal) = replica.take_proposal(&mut self.shared.env(now)) else { continue };
            let isr = proposal.isr.iter().map(|(member, epoch)| {
                BrokerState::default().with_broker_id(WireBrokerId(member.0)).with_broker_epoch(epoch.0)
            });
            let partition = PartitionData::default()
                .with_partition_index(topic_partition.partition)
                .with_leader_epoch(proposal.leader_epoch.0)
                .with_partition_epoch(proposal.partition_epoch.0)
                .with_new_isr_with_epochs(isr.collect());
            let topic_id = replica.topic_id().to_uuid();
            match body.topics.last_mut().filter(|topic| topic.topic_id == topic_id) {
                Some(topic) => topic.partitions.push(partition),
                None => body
                    .topics
                    .push(TopicData::default().with_topic_id(topic_id).with_partitions(vec![partition])),
            }
            asked.push((topic_partition.clone(), proposal));
        }
        if !asked.is_empty() {
            self.ask_controller(&body, Purpose::AlterPartition(asked));
        }
    }

    pub(super) fn alter_partition_answered(
        &mut self,
        now: Timestamp,
        asked: Vec<(TopicPartition, Proposal)>,
        result: Result<Bytes, RequestError>,
    ) {
        let answers = result
            .ok()
            .and_then(|frame| wire::decode_response::<AlterPartitionRequest>(frame).ok())
            .filter(|response| ErrorCode(response.error_code).is_none())
            .map(by_partition)
            .unwrap_or_default();
        let retry_at = now + self.shared.settings.config.replica_fetch_backoff;
        for (topic_partition, proposal) in asked {
            let replica = self.replicas.get_mut(&topic_partition).expect("replicas are never removed");
            let key = (replica.topic_id(), topic_partition.partition);
            let outcome = match answers.get(&key) {
                None => AlterPartitionOutcome::Unknown,
                Some(answer) if ErrorCode(answer.error_code).is_none() && !is_plausible(replica, answer) => {
                    AlterPartitionOutcome::Unknown
                }
                Some(answer) if ErrorCode(answer.error_code).is_none() => AlterPartitionOutcome::Changed {
                    isr: answer.isr.iter().map(|member| BrokerId(member.0)).collect(),
                    partition_epoch: PartitionEpoch(answer.partition_epoch),
                    leader_epoch: LeaderEpoch(answer.leader_epoch),
                },
                Some(answer) => AlterPartitionOutcome::Refused(ErrorCode(answer.error_code)),
            };
            replica.alter_partition_answered(&mut self.shared.env(now), &proposal, outcome, retry_at);
        }
    }
}

/// Whether this can be the ISR of a topic partition that this broker leads: its leader and other replicas, each once.
/// If it is not, metadata will tell what is so.
fn is_plausible(replica: &Replica, answer: &response::PartitionData) -> bool {
    let replicas = &replica.state().replicas;
    let mut members: Vec<BrokerId> = answer.isr.iter().map(|member| BrokerId(member.0)).collect();
    let has_leader = members.contains(&replica.state().leader);
    members.sort_unstable();
    let once = members.windows(2).all(|pair| pair[0] != pair[1]);
    has_leader && once && members.iter().all(|member| replicas.contains(member))
}

type Answers = BTreeMap<(TopicId, i32), response::PartitionData>;

fn by_partition(body: kafka_protocol::messages::AlterPartitionResponse) -> Answers {
    let mut answers = BTreeMap::new();
    for topic in body.topics {
        let id = TopicId::from_uuid(topic.topic_id);
        answers.extend(topic.partitions.into_iter().map(|data| ((id, data.partition_index), data)));
    }
    answers
}
