//! Asking a leader where its log starts or ends, for a follower that is outside of it (`RemoteLeaderEndPoint`).

use bytes::Bytes;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId as WireBrokerId, ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::node::Broker;
use super::peers::Purpose;
use super::queries::{EARLIEST, LATEST};
use crate::error::{ErrorCode, RequestError};
use crate::replica::{OffsetQuestion, OffsetWanted};
use crate::time::Timestamp;
use crate::types::{Offset, TopicPartition};
use crate::wire;

impl Broker {
    /// Asks what followers here want to know of their leaders; one question for each at a time.
    pub(super) fn ask_for_offsets(&mut self) {
        if self.lifecycle.is_stopping() {
            return;
        }
        let questions: Vec<(TopicPartition, OffsetQuestion)> = self
            .replicas
            .iter()
            .filter_map(|(key, replica)| Some((key.clone(), replica.offset_question()?)))
            .collect();
        for (topic_partition, asked) in questions {
            let same = |purpose: &Purpose| {
                matches!(purpose, Purpose::Offset { topic_partition: key, asked: other }
                if *key == topic_partition && *other == asked)
            };
            if !self.peers.is_under_way(same) {
                self.ask_for_offset(topic_partition, asked);
            }
        }
    }

    fn ask_for_offset(&mut self, topic_partition: TopicPartition, asked: OffsetQuestion) {
        let Some(registration) = self.shared.image.broker(asked.leader) else { return };
        let endpoint = registration.endpoint.clone();
        let timestamp = match asked.wanted {
            OffsetWanted::End => LATEST,
            OffsetWanted::Start => EARLIEST,
        };
        let partition = ListOffsetsPartition::default()
            .with_partition_index(topic_partition.partition)
            .with_current_leader_epoch(asked.leader_epoch.0)
            .with_timestamp(timestamp);
        let topic = ListOffsetsTopic::default()
            .with_name(TopicName(StrBytes::from_string(topic_partition.topic.to_string())))
            .with_partitions(vec![partition]);
        let body =
            ListOffsetsRequest::default().with_replica_id(WireBrokerId(self.id().0)).with_topics(vec![topic]);
        let timeout = self.shared.settings.config.replica_socket_timeout;
        self.ask(endpoint, &body, Purpose::Offset { topic_partition, asked }, timeout);
    }

    pub(super) fn offset_answered(
        &mut self,
        now: Timestamp,
        topic_partition: &TopicPartition,
        asked: &OffsetQuestion,
        result: Result<Bytes, RequestError>,
    ) {
        let answer = result
            .ok()
            .and_then(|frame| wire::decode_response::<ListOffsetsRequest>(frame).ok())
            .and_then(|response| response.topics.into_iter().next()?.partitions.into_iter().next());
        let answer = match answer {
            Some(partition) if partition.error_code == ErrorCode::NONE.0 && 0 <= partition.offset => {
                Ok(Offset(partition.offset))
            }
            Some(partition) => Err(ErrorCode(partition.error_code)),
            None => Err(ErrorCode::UNKNOWN_SERVER_ERROR),
        };
        let replica = self.replicas.get_mut(topic_partition).expect("replicas are never removed");
        if let Err(error) = replica.offset_answered(&mut self.shared.env(now), asked, answer) {
            self.log_failed(topic_partition, error);
        }
    }
}
