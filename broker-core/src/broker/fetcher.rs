//! Fetching from leaders, one request in flight for each (`ReplicaFetcherManager`, `ReplicaFetcherThread`).

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{BrokerId as WireBrokerId, FetchRequest};

use super::node::Broker;
use super::peers::Purpose;
use crate::error::{ErrorCode, RequestError};
use crate::replica::{Diverging, FetchPosition, Fetched};
use crate::time::Timestamp;
use crate::types::{BrokerId, LeaderEpoch, Offset, TopicId, TopicPartition};
use crate::wire;

/// How many bytes one answer carries (`replica.fetch.response.max.bytes`).
const RESPONSE_MAX_BYTES: i32 = 10 << 20;

/// One topic partition of a fetch under way.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub topic_id: TopicId,
    pub topic_partition: TopicPartition,
    pub position: FetchPosition,
    pub log_start_offset: Offset,
}

/// Leaders that are being fetched from.
#[derive(Debug, Default)]
pub(super) struct Fetchers {
    busy: BTreeSet<BrokerId>,
}

impl Broker {
    /// Asks every leader that is not being asked for what its followers here need.
    pub(super) fn fetch_from_leaders(&mut self) {
        if self.lifecycle.is_stopping() {
            return;
        }
        let mut by_leader: BTreeMap<BrokerId, Vec<Asked>> = BTreeMap::new();
        for (topic_partition, replica) in &self.replicas {
            if let Some(position) = replica.fetch_position()
                && !self.fetchers.busy.contains(&position.leader)
            {
                let (topic_id, topic_partition) = (replica.topic_id(), topic_partition.clone());
                by_leader.entry(position.leader).or_default().push(Asked {
                    topic_id,
                    topic_partition,
                    position,
                    log_start_offset: replica.log().start_offset(),
                });
            }
        }
        for (leader, asked) in by_leader {
            self.fetch_from(leader, asked);
        }
    }

    fn fetch_from(&mut self, leader: BrokerId, asked: Vec<Asked>) {
        let Some(registration) = self.shared.image.broker(leader) else { return };
        let endpoint = registration.endpoint.clone();
        let config = &self.shared.settings.config;
        let (wait, timeout) = (config.replica_fetch_wait_max, config.replica_socket_timeout);
        let max_bytes = i32::try_from(config.replica_fetch_max_bytes).unwrap_or(i32::MAX);
        let epoch = self.lifecycle.broker_epoch().expect("replicas exist only once it is registered");
        let state =
            ReplicaState::default().with_replica_id(WireBrokerId(self.id().0)).with_replica_epoch(epoch.0);
        let mut body = FetchRequest::default()
            .with_replica_state(state)
            .with_max_wait_ms(i32::try_from(wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(1)
            .with_max_bytes(RESPONSE_MAX_BYTES)
            .with_session_epoch(-1);
        for asked in &asked {
            let FetchPosition { leader_epoch, offset, last_fetched_epoch, .. } = asked.position;
            let partition = FetchPartition::default()
                .with_partition(asked.topic_partition.partition)
                .with_current_leader_epoch(leader_epoch.0)
                .with_fetch_offset(offset.0)
                .with_last_fetched_epoch(last_fetched_epoch.unwrap_or(LeaderEpoch::NONE).0)
                .with_log_start_offset(asked.log_start_offset.0)
                .with_partition_max_bytes(max_bytes);
            let topic_id = asked.topic_id.to_uuid();
            match body.topics.last_mut().filter(|topic| topic.topic_id == topic_id) {
                Some(topic) => topic.partitions.push(partition),
                None => body
                    .topics
                    .push(FetchTopic::default().with_topic_id(topic_id).with_partitions(vec![partition])),
            }
        }
        self.fetchers.busy.insert(leader);
        self.ask(endpoint, &body, Purpose::Fetch { leader, asked }, wait + timeout);
    }

    pub(super) fn fetched(
        &mut self,
        now: Timestamp,
        leader: BrokerId,
        asked: Vec<Asked>,
        result: Result<Bytes, RequestError>,
    ) {
        self.fetchers.busy.remove(&leader);
        let response = result
            .ok()
            .and_then(|frame| wire::decode_response::<FetchRequest>(frame).ok())
            .filter(|response| ErrorCode(response.error_code).is_none());
        let mut answers: BTreeMap<(TopicId, i32), PartitionData> = BTreeMap::new();
        for topic in response.into_iter().flat_map(|response| response.responses) {
            let id = TopicId::from_uuid(topic.topic_id);
            answers.extend(topic.partitions.into_iter().map(|data| ((id, data.partition_index), data)));
        }
        for asked in asked {
            let replica = self.replicas.get_mut(&asked.topic_partition).expect("replicas are never removed");
            let env = &mut self.shared.env(now);
            let result = match answers.remove(&(asked.topic_id, asked.topic_partition.partition)) {
                None => {
                    replica.fetch_failed(env, &asked.position);
                    Ok(())
                }
                Some(data) => replica.fetched(env, &asked.position, read_answer(data)),
            };
            if let Err(error) = result {
                return self.log_failed(&asked.topic_partition, error);
            }
        }
    }
}

fn read_answer(data: PartitionData) -> Fetched {
    let diverging = LeaderEpoch(data.diverging_epoch.epoch)
        .known()
        .map(|epoch| Diverging { epoch, end_offset: Offset(data.diverging_epoch.end_offset) });
    Fetched {
        error: ErrorCode(data.error_code),
        high_watermark: Offset(data.high_watermark),
        log_start_offset: Offset(data.log_start_offset),
        diverging,
        records: data.records.unwrap_or_default(),
    }
}
