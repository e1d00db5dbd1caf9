//! Keeping up with the metadata log, and telling replicas what it says (`MetadataLoader`, `BrokerMetadataPublisher`).

use bytes::Bytes;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use kafka_protocol::messages::{BrokerId as WireBrokerId, FetchRequest};

use super::node::Broker;
use super::peers::Purpose;
use crate::batch::RecordBatch;
use crate::error::{ErrorCode, LogError, RequestError};
use crate::log::{Log, LogConfig, Opening};
use crate::metadata::{PartitionState, contradiction, decode_batch};
use crate::replica::Replica;
use crate::time::Timestamp;
use crate::types::{Offset, TopicId, TopicPartition};
use crate::wire;

const FETCH_MAX_BYTES: i32 = 1 << 20;

/// When to fetch metadata.
#[derive(Debug)]
pub(super) struct Catalog {
    /// When to fetch next; `None` while a fetch is under way.
    next_fetch: Option<Timestamp>,
}

impl Catalog {
    pub fn new(now: Timestamp) -> Catalog {
        Catalog { next_fetch: Some(now) }
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.next_fetch
    }
}

impl Broker {
    pub(super) fn tick_catalog(&mut self, now: Timestamp) {
        if self.catalog.next_fetch.is_none_or(|at| now < at) || self.lifecycle.is_stopping() {
            return;
        }
        self.catalog.next_fetch = None;
        let settings = &self.shared.settings;
        let wait = settings.config.replica_fetch_wait_max;
        let partition = FetchPartition::default()
            .with_partition(0)
            .with_fetch_offset(self.shared.image.end_offset().0)
            .with_partition_max_bytes(FETCH_MAX_BYTES);
        let topic =
            FetchTopic::default().with_topic_id(TopicId::METADATA.to_uuid()).with_partitions(vec![partition]);
        let body = FetchRequest::default()
            .with_replica_state(ReplicaState::default().with_replica_id(WireBrokerId(settings.id.0)))
            .with_max_wait_ms(i32::try_from(wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(1)
            .with_max_bytes(FETCH_MAX_BYTES)
            .with_topics(vec![topic]);
        self.ask_controller(&body, Purpose::Metadata);
    }

    pub(super) fn metadata_fetched(&mut self, now: Timestamp, result: Result<Bytes, RequestError>) {
        let records = result.ok().and_then(|frame| {
            let response = wire::decode_response::<FetchRequest>(frame).ok()?;
            let partition = response.responses.into_iter().next()?.partitions.into_iter().next()?;
            ErrorCode(partition.error_code).is_none().then_some(partition.records.unwrap_or_default())
        });
        let batches = records.and_then(|records| RecordBatch::all_from(records).ok());
        let Some(batches) = batches else {
            self.catalog.next_fetch = Some(now + self.shared.settings.config.replica_fetch_backoff);
            return;
        };
        self.catalog.next_fetch = Some(now);
        if batches.is_empty() {
            return;
        }
        for batch in batches {
            let records = match decode_batch(&batch) {
                Ok(records) => records,
                Err(reason) => {
                    return self.fail(LogError::Corrupt { offset: batch.base_offset().0, reason });
                }
            };
            for (offset, record) in records {
                // A batch may begin before the offset asked for.
                if offset < self.shared.image.end_offset() {
                    continue;
                }
                if let Err(reason) = self.shared.image.check(offset, &record) {
                    // Nothing it says can be trusted any more, and what it said before is in force.
                    return self.fail(contradiction(offset, reason).into());
                }
                self.shared.image.apply(offset, record);
                self.witness_metadata(now);
            }
        }
        self.publish_metadata(now);
    }

    /// Shows damaged replicas every state there was: what was over before it could be published counts for them too.
    fn witness_metadata(&mut self, now: Timestamp) {
        let damaged: Vec<TopicPartition> = self
            .replicas
            .iter()
            .filter(|(_, replica)| replica.damage().is_some())
            .map(|(key, _)| key.clone())
            .collect();
        for topic_partition in damaged {
            let replica = self.replicas.get_mut(&topic_partition).expect("it was just there");
            let state = self.shared.image.partition(replica.topic_id(), topic_partition.partition).cloned();
            if let Some(state) = state {
                replica.witness(&mut self.shared.env(now), &state);
            }
        }
    }

    /// Tells replicas what the image says, once it is known to be later than this broker's registration.
    pub(super) fn publish_metadata(&mut self, now: Timestamp) {
        let image = &self.shared.image;
        let Some(epoch) = self.lifecycle.broker_epoch() else { return };
        if image.end_offset() <= Offset(epoch.0) {
            return;
        }
        let local = self.id();
        let mine: Vec<(TopicId, TopicPartition, PartitionState)> = image
            .partitions()
            .filter(|(_, topic_partition, state)| {
                let known = self.replicas.get(topic_partition);
                let newer =
                    known.is_none_or(|replica| replica.state().partition_epoch < state.partition_epoch);
                newer && state.replicas.contains(&local)
            })
            .map(|(id, topic_partition, state)| (id, topic_partition, state.clone()))
            .collect();
        for (topic_id, topic_partition, state) in mine {
            if let Err(error) = self.publish_one(now, topic_id, &topic_partition, &state) {
                return self.log_failed(&topic_partition, error);
            }
        }
    }

    fn publish_one(
        &mut self,
        now: Timestamp,
        topic_id: TopicId,
        topic_partition: &TopicPartition,
        state: &PartitionState,
    ) -> Result<(), LogError> {
        if !self.replicas.contains_key(topic_partition) {
            let replica = self.open_replica(topic_id, topic_partition)?;
            self.flushes.opened(now, topic_partition.clone());
            self.replicas.insert(topic_partition.clone(), replica);
        }
        let replica = self.replicas.get_mut(topic_partition).expect("it is there now");
        replica.apply_metadata(&mut self.shared.env(now), state)
    }

    fn open_replica(
        &mut self,
        topic_id: TopicId,
        topic_partition: &TopicPartition,
    ) -> Result<Replica, LogError> {
        let shared = &mut self.shared;
        let config = shared.image.topics()[&topic_id].config(&shared.settings.config);
        let log_config = LogConfig::from(&config);
        let log = match self.unclaimed.remove(topic_partition) {
            Some(mut log) => {
                log.configure(log_config);
                log
            }
            None => {
                let (storage, topic_partition) = (shared.storage.as_mut(), topic_partition.clone());
                let start = self.retention.checkpointed(&topic_partition);
                let (opening, recovery_point) = (Opening::Clean, Offset::ZERO);
                Log::open_from(storage, topic_partition, log_config, opening, recovery_point, start)?.0
            }
        };
        let high_watermark = self.high_watermarks.get(topic_partition).copied().unwrap_or(Offset::ZERO);
        let replica = Replica::new(topic_id, shared.settings.id, config, log, high_watermark);
        Ok(if self.damaged.remove(topic_partition).is_some() { replica.damaged() } else { replica })
    }
}
