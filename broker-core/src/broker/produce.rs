//! Produce requests: one answer for several topic partitions, when the last of them is done.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::messages::produce_request::PartitionProduceData;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::node::Broker;
use super::validate;
use crate::batch::RecordBatch;
use crate::config::Acks;
use crate::error::ErrorCode;
use crate::io::{ConnectionId, Effect};
use crate::replica::{ProduceResult, ProduceToken, Produced};
use crate::time::Timestamp;
use crate::types::TopicPartition;
use crate::wire::RequestContext;

/// A produce request that was not answered yet.
#[derive(Debug)]
struct PendingProduce {
    connection: ConnectionId,
    context: RequestContext,
    acks: Option<Acks>,
    results: BTreeMap<TopicPartition, Option<ProduceResult>>,
}

/// Produce requests that were not answered yet.
#[derive(Debug, Default)]
pub(super) struct Produces {
    next: u64,
    pending: BTreeMap<ProduceToken, PendingProduce>,
}

impl Produces {
    /// Nobody waits for these any more. Their batches stay in the log.
    pub fn connection_closed(&mut self, connection: ConnectionId) {
        self.pending.retain(|_, produce| produce.connection != connection);
    }
}

impl Broker {
    pub(super) fn produce(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: ProduceRequest,
    ) {
        let token = ProduceToken(self.produces.next);
        self.produces.next += 1;
        let acks = Acks::from_wire(body.acks);
        let deadline = now + Duration::from_millis(body.timeout_ms.max(0) as u64);
        // Whoever names a topic partition twice means the last one, as in Kafka: there is one answer for it.
        let mut data = BTreeMap::new();
        for topic in body.topic_data {
            for partition in topic.partition_data {
                data.insert(TopicPartition::new(topic.name.0.as_str(), partition.index), partition);
            }
        }
        // Who may write in a transaction is asked before anything is looked at; here nobody may.
        let transactional = data.values().any(|data| validate::is_transactional(data.records.as_ref()));
        let mut results = BTreeMap::new();
        for (topic_partition, partition) in data {
            let result = if transactional {
                Some(ProduceResult::refused(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED))
            } else {
                self.produce_one(now, &topic_partition, partition, acks, token, deadline)
            };
            if self.is_down() {
                return;
            }
            results.insert(topic_partition, result);
        }
        self.produces.pending.insert(token, PendingProduce { connection, context, acks, results });
        self.answer_produce(token);
    }

    /// `None` if it has to wait. Checks stand in Kafka's order, which decides what is answered if several things are
    /// wrong.
    fn produce_one(
        &mut self,
        now: Timestamp,
        topic_partition: &TopicPartition,
        data: PartitionProduceData,
        acks: Option<Acks>,
        token: ProduceToken,
        deadline: Timestamp,
    ) -> Option<ProduceResult> {
        let (acks, batch) = match self.may_append(topic_partition, data, acks) {
            Ok(may) => may,
            Err(error) => return Some(ProduceResult::refused(error)),
        };
        let replica = self.replicas.get_mut(topic_partition).expect("it leads");
        match replica.produce(&mut self.shared.env(now), batch, acks, token, deadline) {
            Ok(Produced::Now(result)) => Some(result),
            Ok(Produced::Later) => None,
            Err(error) => {
                self.log_failed(topic_partition, error);
                Some(ProduceResult::refused(ErrorCode::KAFKA_STORAGE_ERROR))
            }
        }
    }

    fn may_append(
        &self,
        topic_partition: &TopicPartition,
        data: PartitionProduceData,
        acks: Option<Acks>,
    ) -> Result<(Acks, RecordBatch), ErrorCode> {
        let replica = self.replica_here(topic_partition);
        if replica.as_ref().is_err_and(|error| *error == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) {
            return Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        }
        let bytes = validate::sole_batch(data.records)?;
        let acks = acks.ok_or(ErrorCode::INVALID_REQUIRED_ACKS)?;
        let standing = replica?.check_leader_epoch(None);
        if !standing.is_none() {
            return Err(standing);
        }
        Ok((acks, validate::check(bytes)?))
    }

    /// Takes what replicas have finished.
    pub(super) fn answer_produces(&mut self) {
        for (token, topic_partition, result) in std::mem::take(&mut self.shared.out.produced) {
            if let Some(produce) = self.produces.pending.get_mut(&token) {
                let before = produce.results.insert(topic_partition, Some(result));
                assert_eq!(before, Some(None), "a produce ends once");
                self.answer_produce(token);
            }
        }
    }

    fn answer_produce(&mut self, token: ProduceToken) {
        let produce = &self.produces.pending[&token];
        if produce.results.values().any(Option::is_none) {
            return;
        }
        let produce = self.produces.pending.remove(&token).expect("it was just there");
        let connection = produce.connection;
        let results = produce.results.into_iter().map(|(key, result)| (key, result.expect("checked")));
        if produce.acks == Some(Acks::None) {
            // Nobody waits for an answer; an error can only be told by closing the connection.
            let failed = results.map(|(_, result)| result.error).any(|error| !error.is_none());
            let effect = if failed {
                Effect::Close { connection }
            } else {
                Effect::Respond { connection, frame: None }
            };
            return self.effects.push_back(effect);
        }
        let mut response = ProduceResponse::default();
        for (topic_partition, result) in results {
            let partition = PartitionProduceResponse::default()
                .with_index(topic_partition.partition)
                .with_error_code(result.error.0)
                .with_base_offset(result.base_offset.map_or(-1, |offset| offset.0));
            let name = TopicName(StrBytes::from_string(topic_partition.topic.to_string()));
            match response.responses.last_mut().filter(|topic| topic.name == name) {
                Some(topic) => topic.partition_responses.push(partition),
                None => response.responses.push(
                    TopicProduceResponse::default().with_name(name).with_partition_responses(vec![partition]),
                ),
            }
        }
        self.respond(connection, produce.context, &response);
    }
}
