//! What the producer makes of the end of a request (`Sender.handleProduceResponse`, `completeBatch`).

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::{InitProducerIdRequest, MetadataRequest, ProduceRequest, ProduceResponse};

use super::batch::{BatchId, ProducerBatch};
use super::outcome::{Reaction, reaction};
use super::sender::{About, Producer};
use super::sequences::Trouble;
use crate::client::requests::decode;
use crate::config::Acks;
use crate::error::{AttemptError, ErrorCode, RequestError};
use crate::event::Event;
use crate::io::RequestId;
use crate::time::Timestamp;
use crate::types::{BrokerId, Offset, TopicPartition};

/// What the broker said of each batch: where it is, if it said so, or what went wrong.
type Answers = BTreeMap<TopicPartition, Result<Option<Offset>, ErrorCode>>;

impl Producer {
    pub(super) fn finish_request(
        &mut self,
        now: Timestamp,
        request: RequestId,
        result: Result<Bytes, RequestError>,
    ) {
        match self.requests.finish(request) {
            About::Metadata => {
                self.metadata.finish_refresh(now, decode::<MetadataRequest>(result).ok());
            }
            About::ProducerId => {
                let response = decode::<InitProducerIdRequest>(result).ok();
                if let Some(identity) = self.identity.finish(now, response.as_ref()) {
                    let (producer_id, producer_epoch) = (identity.id, identity.epoch);
                    self.observe(Event::ProducerIdAssigned { producer_id, producer_epoch });
                }
            }
            About::Produce { broker, batches } if self.config.acks == Acks::None => {
                self.finish_unacknowledged(now, broker, batches, result.err());
            }
            About::Produce { broker, batches } => self.finish_produce(now, broker, batches, result),
        }
    }

    fn finish_produce(
        &mut self,
        now: Timestamp,
        broker: BrokerId,
        batches: Vec<(TopicPartition, BatchId)>,
        result: Result<Bytes, RequestError>,
    ) {
        let answers = decode::<ProduceRequest>(result).map(|response| answers(&response));
        match answers {
            Ok(_) => self.reconnect.answered(broker),
            Err(_) => self.broker_failed(now, broker),
        }
        for (name, id) in batches {
            let batch = self.accumulator.get_mut(&name).land(id);
            let answer = match &answers {
                // A batch the broker does not mention is one of which nothing is known.
                Ok(answers) => answers
                    .get(&name)
                    .map_or(Err(AttemptError::Disconnected), |answer| answer.map_err(AttemptError::Code)),
                Err(error) => Err(*error),
            };
            match answer {
                Ok(base_offset) => self.batch_succeeded(&name, batch, base_offset),
                Err(error) => self.batch_failed(now, &name, batch, error),
            }
        }
    }

    fn broker_failed(&mut self, now: Timestamp, broker: BrokerId) {
        self.reconnect.failed(now, broker);
        self.metadata.want_refresh();
    }

    fn batch_succeeded(
        &mut self,
        name: &TopicPartition,
        mut batch: ProducerBatch,
        base_offset: Option<Offset>,
    ) {
        if let Some(numbering) = batch.numbering {
            self.accumulator.get_mut(name).sequences.acknowledged(numbering, batch.record_count());
        }
        if !batch.completed() {
            let completions = batch.complete_ok(base_offset);
            self.complete(completions);
        }
    }

    fn batch_failed(
        &mut self,
        now: Timestamp,
        name: &TopicPartition,
        mut batch: ProducerBatch,
        error: AttemptError,
    ) {
        let base_sequence = batch.base_sequence();
        self.observe(Event::BatchAttemptFailed { topic_partition: name.clone(), base_sequence, error });
        let reaction = reaction(error);
        if reaction == Reaction::RefreshAndRetry {
            self.metadata.want_refresh();
        }
        let partition = self.accumulator.get_mut(name);
        if reaction == Reaction::SequenceGap
            && let Some(numbering) = batch.numbering
            && partition.is_earliest(numbering)
        {
            partition.sequences.mark_trouble(Trouble::Gap);
        }
        if batch.completed() {
            // It expired in flight and was told so; its numbers are unresolved already.
            return;
        }
        batch.errors.push(error);
        let ends = matches!(reaction, Reaction::GiveUp | Reaction::NewProducerId);
        if !ends && batch.attempts <= self.config.retries {
            batch.not_before = now + self.retry_backoff.pause(batch.attempts - 1);
            partition.requeue(batch);
            return;
        }
        if batch.numbering.is_some() {
            match reaction {
                Reaction::NewProducerId => partition.sequences.mark_trouble(Trouble::Fenced),
                _ if batch.in_doubt() => partition.sequences.mark_unresolved(),
                _ => partition.sequences.mark_trouble(Trouble::Gap),
            }
        }
        let completions = batch.complete_without_promise();
        self.complete(completions);
    }

    /// The end of a request with acks=0: the bytes left, or not even that is known. Nobody will ever say more.
    fn finish_unacknowledged(
        &mut self,
        now: Timestamp,
        broker: BrokerId,
        batches: Vec<(TopicPartition, BatchId)>,
        error: Option<RequestError>,
    ) {
        match error {
            None => self.reconnect.answered(broker),
            Some(_) => self.broker_failed(now, broker),
        }
        let error = error.map_or(AttemptError::NoAcks, AttemptError::from);
        for (name, id) in batches {
            let mut batch = self.accumulator.get_mut(&name).land(id);
            if error != AttemptError::NoAcks {
                let base_sequence = batch.base_sequence();
                self.observe(Event::BatchAttemptFailed { topic_partition: name, base_sequence, error });
            }
            if !batch.completed() {
                batch.errors.push(error);
                let completions = batch.complete_without_promise();
                self.complete(completions);
            }
        }
    }
}

fn answers(response: &ProduceResponse) -> Answers {
    let mut answers = Answers::new();
    for topic in &response.responses {
        for partition in &topic.partition_responses {
            let answer = match ErrorCode(partition.error_code) {
                ErrorCode::NONE | ErrorCode::DUPLICATE_SEQUENCE_NUMBER => {
                    Ok((0 <= partition.base_offset).then_some(Offset(partition.base_offset)))
                }
                code => Err(code),
            };
            answers.insert(TopicPartition::new(&*topic.name.0, partition.index), answer);
        }
    }
    answers
}
