//! What the consumer makes of the end of a request (`FetchCollector`, `OffsetFetcherUtils`).

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{
    FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest,
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
};

use super::fetcher::{About, Asked, Consumer};
use super::partition::Jump;
use crate::batch::RecordBatch;
use crate::client::requests::decode;
use crate::error::{AttemptError, BatchError, ErrorCode, RequestError};
use crate::event::Event;
use crate::io::{ConsumedRecord, Effect, RequestId};
use crate::time::Timestamp;
use crate::types::{LeaderEpoch, Offset, TopicId, TopicPartition};

/// What a leader said of one topic partition.
enum Answer {
    Offset(Offset),
    EpochEnd { epoch: LeaderEpoch, end: Offset },
    Records(Bytes),
    Diverged { epoch: LeaderEpoch, end: Offset },
    Error(ErrorCode),
}

/// Records read, and where that leads.
struct Consumed {
    records: Vec<ConsumedRecord>,
    end: Option<(Offset, LeaderEpoch)>,
}

impl Consumer {
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
            About::Offsets(asked) => {
                let answers = decode::<ListOffsetsRequest>(result).map(|response| offsets(&response));
                let by_name = |name: &TopicPartition, _id| name.clone();
                self.finish_asked(now, asked, answers, by_name);
            }
            About::Epochs(asked) => {
                let answers = decode::<OffsetForLeaderEpochRequest>(result).map(|response| epochs(&response));
                let by_name = |name: &TopicPartition, _id| name.clone();
                self.finish_asked(now, asked, answers, by_name);
            }
            About::Fetch(asked) => {
                let answers = decode::<FetchRequest>(result).map(fetched);
                let by_id = |name: &TopicPartition, id| (id, name.partition);
                self.finish_asked(now, asked, answers, by_id);
            }
        }
    }

    /// Every topic partition that was asked about is answered: by the leader, or with an error.
    fn finish_asked<K: Ord>(
        &mut self,
        now: Timestamp,
        asked: Asked,
        answers: Result<BTreeMap<K, Answer>, AttemptError>,
        key: impl Fn(&TopicPartition, TopicId) -> K,
    ) {
        match &answers {
            Ok(_) => self.reconnect.answered(asked.broker),
            Err(_) => {
                self.reconnect.failed(now, asked.broker);
                self.metadata.want_refresh();
            }
        }
        let mut answers = answers.unwrap_or_default();
        for (name, id) in asked.names {
            let missing = Answer::Error(ErrorCode::UNKNOWN_SERVER_ERROR);
            let answer = answers.remove(&key(&name, id)).unwrap_or(missing);
            self.partition_answered(now, &name, answer);
        }
    }

    fn partition_answered(&mut self, now: Timestamp, name: &TopicPartition, answer: Answer) {
        let state = self.partitions.get_mut(name).expect("partitions are never forgotten");
        let jump = match answer {
            Answer::Offset(offset) => state.offset_answered(offset),
            Answer::EpochEnd { epoch, end } => state.epoch_answered(epoch, end),
            Answer::Diverged { epoch, end } => state.divergence_answered(epoch, end),
            Answer::Error(code) => return self.partition_failed(now, name, code),
            Answer::Records(bytes) => {
                let position = state.position().expect("records are asked for from a position");
                let Ok(consumed) = consume(bytes, position) else {
                    return self.partition_failed(now, name, ErrorCode::CORRUPT_MESSAGE);
                };
                state.records_answered(consumed.end);
                if !consumed.records.is_empty() {
                    let topic_partition = name.clone();
                    self.effects.push_back(Effect::Polled { topic_partition, records: consumed.records });
                }
                None
            }
        };
        let end = state.take_reached_end();
        if let Some(jump) = jump {
            let topic_partition = name.clone();
            let (event, offset) = match jump {
                Jump::Truncated { from, to } => (Event::ConsumerTruncated { topic_partition, from, to }, to),
                Jump::Reset { from, to } => (Event::ConsumerOffsetReset { topic_partition, from, to }, to),
            };
            self.effects.push_back(Effect::Observe(event));
            self.effects.push_back(Effect::Repositioned { topic_partition: name.clone(), offset });
        }
        if let Some((start, end)) = end {
            self.effects.push_back(Effect::CaughtUp { topic_partition: name.clone(), start, end });
        }
    }

    fn partition_failed(&mut self, now: Timestamp, name: &TopicPartition, code: ErrorCode) {
        let state = self.partitions.get_mut(name).expect("partitions are never forgotten");
        let failures = state.failed();
        state.pause(now, self.retry_backoff.pause(failures));
        match code {
            ErrorCode::OFFSET_OUT_OF_RANGE => state.out_of_range(),
            // The leader is right, it is only not ready.
            ErrorCode::OFFSET_NOT_AVAILABLE | ErrorCode::CORRUPT_MESSAGE => {}
            _ => self.metadata.want_refresh(),
        }
    }
}

/// The records at or above `position`.
///
/// # Errors
/// If the bytes are not batches, go back, or lead nowhere: then asking again at once would give the same bytes.
fn consume(bytes: Bytes, position: Offset) -> Result<Consumed, BatchError> {
    let have = bytes.len();
    let mut consumed = Consumed { records: Vec::new(), end: None };
    let mut expected = Offset::ZERO;
    for batch in RecordBatch::all_from(bytes)? {
        let (base, leader_epoch) = (batch.base_offset(), batch.leader_epoch());
        let end = base.0.checked_add(i64::from(batch.record_count()));
        let Some(end) = end.filter(|_| expected <= base) else {
            return Err(BatchError::BaseOffset { expected: expected.0, actual: base.0 });
        };
        expected = Offset(end);
        let new = batch.records()?.into_iter().filter(|record| position <= record.offset);
        consumed.records.extend(new.map(|record| ConsumedRecord {
            offset: record.offset,
            leader_epoch,
            key: record.key,
            value: record.value,
        }));
        if position < expected {
            consumed.end = Some((expected, leader_epoch));
        }
    }
    if 0 < have && consumed.end.is_none() {
        return Err(BatchError::Truncated { have, need: have + 1 });
    }
    Ok(consumed)
}

fn or_error(error_code: i16, answer: impl FnOnce() -> Answer) -> Answer {
    match ErrorCode(error_code) {
        ErrorCode::NONE => answer(),
        code => Answer::Error(code),
    }
}

fn offsets(response: &ListOffsetsResponse) -> BTreeMap<TopicPartition, Answer> {
    let mut answers = BTreeMap::new();
    for topic in &response.topics {
        for partition in &topic.partitions {
            let answer = or_error(partition.error_code, || match partition.offset {
                offset if 0 <= offset => Answer::Offset(Offset(offset)),
                _unknown => Answer::Error(ErrorCode::OFFSET_NOT_AVAILABLE),
            });
            answers.insert(TopicPartition::new(&*topic.name.0, partition.partition_index), answer);
        }
    }
    answers
}

fn epochs(response: &OffsetForLeaderEpochResponse) -> BTreeMap<TopicPartition, Answer> {
    let mut answers = BTreeMap::new();
    for topic in &response.topics {
        for partition in &topic.partitions {
            let (epoch, end) = (LeaderEpoch(partition.leader_epoch), Offset(partition.end_offset));
            let answer = or_error(partition.error_code, || Answer::EpochEnd { epoch, end });
            answers.insert(TopicPartition::new(&*topic.topic.0, partition.partition), answer);
        }
    }
    answers
}

fn fetched(response: FetchResponse) -> BTreeMap<(TopicId, i32), Answer> {
    let mut answers = BTreeMap::new();
    for topic in response.responses {
        let id = TopicId::from_uuid(topic.topic_id);
        for partition in topic.partitions {
            answers.insert((id, partition.partition_index), fetched_partition(partition));
        }
    }
    answers
}

fn fetched_partition(data: PartitionData) -> Answer {
    let diverging = &data.diverging_epoch;
    let (epoch, end) = (LeaderEpoch(diverging.epoch), Offset(diverging.end_offset));
    or_error(data.error_code, || match epoch.known() {
        Some(epoch) => Answer::Diverged { epoch, end },
        None => Answer::Records(data.records.unwrap_or_default()),
    })
}
