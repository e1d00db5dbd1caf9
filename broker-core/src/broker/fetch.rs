//! Fetch requests of followers and consumers, answered at once or when there is something new (`DelayedFetch`).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::{EpochEndOffset, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use super::node::Broker;
use crate::error::{ErrorCode, LogError};
use crate::io::ConnectionId;
use crate::replica::{ReadRequest, ReadResult, Reader, Replica};
use crate::time::Timestamp;
use crate::types::{BrokerEpoch, BrokerId, LeaderEpoch, Offset, TopicId, TopicPartition};
use crate::wire::RequestContext;

/// One topic partition of a fetch.
#[derive(Clone, Debug)]
struct Wanted {
    topic_id: TopicId,
    partition: i32,
    /// `None` if there is no such topic partition.
    topic_partition: Option<TopicPartition>,
    request: ReadRequest,
}

/// A fetch that found nothing new.
#[derive(Debug)]
struct PendingFetch {
    connection: ConnectionId,
    context: RequestContext,
    deadline: Timestamp,
    /// Who follows, if it is not a consumer.
    follower: Option<BrokerId>,
    max_bytes: usize,
    wanted: Vec<Wanted>,
}

impl PendingFetch {
    fn concerns(&self, readable: &BTreeSet<TopicPartition>) -> bool {
        self.wanted
            .iter()
            .filter_map(|wanted| wanted.topic_partition.as_ref())
            .any(|tp| readable.contains(tp))
    }
}

/// Fetches that found nothing new, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Fetches {
    pending: Vec<PendingFetch>,
}

impl Fetches {
    pub fn connection_closed(&mut self, connection: ConnectionId) {
        self.pending.retain(|fetch| fetch.connection != connection);
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.pending.iter().map(|fetch| fetch.deadline).min()
    }
}

impl Broker {
    pub(super) fn fetch(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: &FetchRequest,
    ) {
        // -1 and 0 ask for everything named; other epochs are of sessions, and none was ever given.
        if ![-1, 0].contains(&body.session_epoch) {
            let error = ErrorCode::FETCH_SESSION_ID_NOT_FOUND.0;
            return self.respond(connection, context, &FetchResponse::default().with_error_code(error));
        }
        let follower = Some(BrokerId(body.replica_state.replica_id.0)).filter(|id| 0 <= id.0);
        let broker_epoch = BrokerEpoch(body.replica_state.replica_epoch);
        let wanted = self.wanted(body, follower.is_some());
        let max_bytes = usize::try_from(body.max_bytes).unwrap_or(0);
        let results = match self.read_all(follower, &wanted, max_bytes) {
            Ok(results) => results,
            Err((topic_partition, error)) => return self.log_failed(&topic_partition, error),
        };
        if let Some(follower) = follower {
            self.note_progress(now, follower, broker_epoch, &wanted, &results);
        }
        let wait = Duration::from_millis(body.max_wait_ms.max(0) as u64);
        let fetch = PendingFetch { connection, context, deadline: now + wait, follower, max_bytes, wanted };
        if wait.is_zero() || body.min_bytes <= 0 || results.iter().any(ReadResult::is_news) {
            self.answer_fetch(&fetch, results);
        } else {
            self.fetches.pending.push(fetch);
        }
    }

    fn wanted(&self, body: &FetchRequest, is_follower: bool) -> Vec<Wanted> {
        let reader = if is_follower { Reader::Follower } else { Reader::Consumer };
        let request = |partition: &FetchPartition| ReadRequest {
            reader,
            offset: Offset(partition.fetch_offset),
            current_leader_epoch: LeaderEpoch(partition.current_leader_epoch).known(),
            last_fetched_epoch: LeaderEpoch(partition.last_fetched_epoch).known(),
            max_bytes: usize::try_from(partition.partition_max_bytes).unwrap_or(0),
        };
        let mut all: Vec<Wanted> = Vec::new();
        let mut places = BTreeMap::new();
        for topic in &body.topics {
            let topic_id = TopicId::from_uuid(topic.topic_id);
            for partition in &topic.partitions {
                let wanted = Wanted {
                    topic_id,
                    partition: partition.partition,
                    topic_partition: self.shared.image.topic_partition(topic_id, partition.partition),
                    request: request(partition),
                };
                // Whoever names a topic partition twice means the last one, as in Kafka: there is one answer for it.
                match places.entry((topic_id, partition.partition)) {
                    Entry::Occupied(place) => all[*place.get()] = wanted,
                    Entry::Vacant(place) => {
                        place.insert(all.len());
                        all.push(wanted);
                    }
                }
            }
        }
        all
    }

    /// Reads until there are `max_bytes`. The first batch comes whole even if it is larger, so that every reader gets on;
    /// what does not fit after it is left for the next fetch.
    ///
    /// # Errors
    /// If a disk fails, or does not give back what was written; with the topic partition.
    fn read_all(
        &self,
        follower: Option<BrokerId>,
        wanted: &[Wanted],
        max_bytes: usize,
    ) -> Result<Vec<ReadResult>, (TopicPartition, LogError)> {
        let mut read = 0;
        let mut results = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            let limit = wanted.request.max_bytes.min(max_bytes.saturating_sub(read));
            let mut result = match self.readable(follower, wanted) {
                Ok(replica) => {
                    let request = ReadRequest { max_bytes: limit, ..wanted.request };
                    replica
                        .read(self.shared.storage.as_ref(), &request)
                        .map_err(|error| (replica.topic_partition().clone(), error))?
                }
                Err(error) => ReadResult::error(error),
            };
            if 0 < read && limit < result.records.len() {
                result.records.clear();
            }
            read += result.records.len();
            results.push(result);
        }
        Ok(results)
    }

    /// The replica to read from, if whoever asks may.
    fn readable(&self, follower: Option<BrokerId>, wanted: &Wanted) -> Result<&Replica, ErrorCode> {
        let Some(topic_partition) = &wanted.topic_partition else {
            let known = self.shared.image.topics().contains_key(&wanted.topic_id);
            return Err(if known {
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            } else {
                ErrorCode::UNKNOWN_TOPIC_ID
            });
        };
        let replica = self.replica_here(topic_partition)?;
        let follows = |id: &BrokerId| *id != self.id() && replica.state().replicas.contains(id);
        if follower.as_ref().is_none_or(follows) {
            return Ok(replica);
        }
        // Perhaps it is one as of an assignment that is not known here yet (`Partition.followerReplicaOrThrow`).
        let epoch = wanted.request.current_leader_epoch;
        let error = replica.check_leader_epoch(epoch);
        match epoch {
            _ if !error.is_none() => Err(error),
            Some(_) => Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
            None => Err(ErrorCode::NOT_LEADER_OR_FOLLOWER),
        }
    }

    /// What a follower asks for is what it has.
    fn note_progress(
        &mut self,
        now: Timestamp,
        follower: BrokerId,
        broker_epoch: BrokerEpoch,
        wanted: &[Wanted],
        results: &[ReadResult],
    ) {
        for (wanted, result) in wanted.iter().zip(results) {
            let replica = wanted.topic_partition.as_ref().and_then(|key| self.replicas.get_mut(key));
            if let Some(replica) = replica
                && result.is_progress()
            {
                replica.follower_fetched(
                    &mut self.shared.env(now),
                    follower,
                    broker_epoch,
                    wanted.request.offset,
                );
            }
        }
    }

    /// Answers waiting fetches for which there is something new, or whose time is up.
    pub(super) fn answer_fetches(&mut self, now: Timestamp) {
        let readable = std::mem::take(&mut self.shared.out.readable);
        let mut index = 0;
        while index < self.fetches.pending.len() {
            let fetch = &self.fetches.pending[index];
            let late = fetch.deadline <= now;
            if !late && !fetch.concerns(&readable) {
                index += 1;
                continue;
            }
            let results = match self.read_all(fetch.follower, &fetch.wanted, fetch.max_bytes) {
                Ok(results) => results,
                Err((topic_partition, error)) => return self.log_failed(&topic_partition, error),
            };
            if late || results.iter().any(ReadResult::is_news) {
                let fetch = self.fetches.pending.remove(index);
                self.answer_fetch(&fetch, results);
            } else {
                index += 1;
            }
        }
    }

    fn answer_fetch(&mut self, fetch: &PendingFetch, results: Vec<ReadResult>) {
        let mut response = FetchResponse::default();
        for (wanted, result) in fetch.wanted.iter().zip(results) {
            let mut partition = PartitionData::default()
                .with_partition_index(wanted.partition)
                .with_error_code(result.error.0)
                .with_high_watermark(result.high_watermark.0)
                .with_log_start_offset(result.log_start_offset.0)
                .with_records(Some(result.records));
            if let Some(diverging) = result.diverging {
                partition.diverging_epoch = EpochEndOffset::default()
                    .with_epoch(diverging.epoch.0)
                    .with_end_offset(diverging.end_offset.0);
            }
            let topic_id = wanted.topic_id.to_uuid();
            match response.responses.last_mut().filter(|topic| topic.topic_id == topic_id) {
                Some(topic) => topic.partitions.push(partition),
                None => response.responses.push(
                    FetchableTopicResponse::default()
                        .with_topic_id(topic_id)
                        .with_partitions(vec![partition]),
                ),
            }
        }
        self.respond(fetch.connection, fetch.context, &response);
    }
}
