//! Answers of the right kind that are wrong in every other way.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::fetch_response::{EpochEndOffset, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset as EpochEnd, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{
    CreateTopicsResponse, FetchResponse, InitProducerIdResponse, ListOffsetsResponse, MetadataResponse,
    OffsetForLeaderEpochResponse, ProduceResponse,
};
use kafka_protocol::protocol::Encodable;
use proptest::prelude::*;

use crate::batch::BatchBuilder;
use crate::client::fake::{Sent, TOPIC, TOPIC_ID, metadata};
use crate::client::requests::topic_name;
use crate::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, TopicId};
use crate::wire::{self, Request};

/// What is wrong with an answer, if anything: each field is drawn whether it is used or not.
#[derive(Clone, Debug)]
pub(super) struct Lie {
    topic: &'static str,
    topic_id: i64,
    partitions: Vec<PartitionLie>,
    damage: Damage,
}

#[derive(Clone, Debug)]
struct PartitionLie {
    index: i32,
    code: i16,
    offset: i64,
    epoch: i32,
    short: i16,
    records: Vec<(i64, i64)>,
}

/// What happens to the bytes of an answer.
#[derive(Clone, Debug)]
enum Damage {
    None,
    Cut(prop::sample::Index),
    Longer(u8),
    /// A bit anywhere, perhaps of a length or a count.
    Flipped(prop::sample::Index, u8),
    /// Other bytes anywhere; enough of them for a count of thousands of millions.
    Overwritten(prop::sample::Index, Vec<u8>),
    RecordsFlipped(prop::sample::Index, u8),
    RecordsCut(prop::sample::Index),
    Noise(Vec<u8>),
}

fn offset() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 0i64..12, 1 => Just(-1i64), 1 => Just(i64::MAX), 1 => Just(i64::MAX - 2), 1 => any::<i64>()]
}

fn code() -> impl Strategy<Value = i16> {
    let known = prop::sample::select(vec![
        -1i16, 1, 2, 3, 5, 6, 7, 10, 19, 20, 29, 45, 46, 47, 56, 59, 74, 75, 78, 87, 100,
    ]);
    prop_oneof![8 => Just(0i16), 6 => known, 1 => any::<i16>()]
}

fn partition() -> impl Strategy<Value = PartitionLie> {
    let index = prop_oneof![8 => Just(0i32), 3 => Just(1), 1 => any::<i32>()];
    let epoch = prop_oneof![6 => 0i32..4, 1 => Just(-1i32), 1 => Just(i32::MAX), 1 => any::<i32>()];
    let short = prop_oneof![4 => Just(0i16), 1 => Just(i16::MAX), 1 => Just(-1i16)];
    let records = prop::collection::vec((offset(), 1i64..4), 0..3);
    (index, code(), offset(), epoch, short, records).prop_map(
        |(index, code, offset, epoch, short, records)| PartitionLie {
            index,
            code,
            offset,
            epoch,
            short,
            records,
        },
    )
}

fn overwriting() -> impl Strategy<Value = Vec<u8>> {
    // The first four say, as a varint, that it goes on; the last ends it, as large as it may be.
    let huge = Just(vec![0xff, 0xff, 0xff, 0xff, 0x0f]);
    prop_oneof![huge, prop::collection::vec(any::<u8>(), 1..6)]
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        8 => Just(Damage::None),
        1 => any::<prop::sample::Index>().prop_map(Damage::Cut),
        1 => any::<u8>().prop_map(Damage::Longer),
        4 => (any::<prop::sample::Index>(), 0u8..8).prop_map(|(at, bit)| Damage::Flipped(at, bit)),
        2 => (any::<prop::sample::Index>(), overwriting()).prop_map(|(at, with)| Damage::Overwritten(at, with)),
        2 => (any::<prop::sample::Index>(), 0u8..8).prop_map(|(at, bit)| Damage::RecordsFlipped(at, bit)),
        1 => any::<prop::sample::Index>().prop_map(Damage::RecordsCut),
        1 => prop::collection::vec(0u8..8, 0..40).prop_map(Damage::Noise),
    ]
}

pub(super) fn lie() -> impl Strategy<Value = Lie> {
    let topic = prop_oneof![10 => Just(TOPIC), 1 => Just("payments"), 1 => Just("")];
    let topic_id = prop_oneof![10 => Just(TOPIC_ID.0 as i64), 1 => any::<i64>()];
    (topic, topic_id, prop::collection::vec(partition(), 0..3), damage())
        .prop_map(|(topic, topic_id, partitions, damage)| Lie { topic, topic_id, partitions, damage })
}

impl Lie {
    /// An answer to this request: of the right kind, wrong in every other way, and damaged.
    pub(super) fn answer(&self, to: &Sent) -> Bytes {
        let frame = match &to.body {
            Request::Metadata(_) => self.encode(to, &self.metadata()),
            Request::InitProducerId(_) => self.encode(to, &self.producer_id()),
            Request::Produce(_) => self.encode(to, &self.produced()),
            Request::Fetch(_) => self.encode(to, &self.fetched()),
            Request::ListOffsets(_) => self.encode(to, &self.offsets()),
            Request::OffsetForLeaderEpoch(_) => self.encode(to, &self.epochs()),
            Request::CreateTopics(_) => self.encode(to, &self.topics()),
            other => panic!("clients do not send {other:?}"),
        };
        self.damaged(&frame)
    }

    fn encode<B: Encodable>(&self, to: &Sent, body: &B) -> Bytes {
        wire::encode_response(to.context, body)
    }

    fn damaged(&self, frame: &Bytes) -> Bytes {
        let mut bytes = BytesMut::from(&frame[..]);
        match &self.damage {
            Damage::None | Damage::RecordsFlipped(..) | Damage::RecordsCut(_) => {}
            Damage::Flipped(at, bit) => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Damage::Overwritten(at, with) => {
                let at = at.index(bytes.len());
                for (byte, other) in bytes[at..].iter_mut().zip(with) {
                    *byte = *other;
                }
            }
            Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Damage::Longer(byte) => bytes.extend_from_slice(&[*byte]),
            Damage::Noise(noise) => bytes = BytesMut::from(&noise[..]),
        }
        bytes.freeze()
    }

    fn metadata(&self) -> MetadataResponse {
        let partition = |lie: &PartitionLie| {
            MetadataResponsePartition::default()
                .with_partition_index(lie.index)
                .with_leader_id((i32::from(lie.code)).into())
                .with_leader_epoch(lie.epoch)
        };
        let topic = MetadataResponseTopic::default()
            .with_name(Some(topic_name(self.topic)))
            .with_topic_id(TopicId(self.topic_id as u128).to_uuid())
            .with_partitions(self.partitions.iter().map(partition).collect());
        let mut response = metadata(&[(1, 0), (2, 0)]);
        response.topics.push(topic);
        response
    }

    fn producer_id(&self) -> InitProducerIdResponse {
        let mut response = InitProducerIdResponse::default().with_producer_id(7.into());
        if let Some(lie) = self.partitions.first() {
            response = response
                .with_producer_id(lie.offset.into())
                .with_producer_epoch(lie.short)
                .with_error_code(lie.code);
        }
        response
    }

    fn produced(&self) -> ProduceResponse {
        let partition = |lie: &PartitionLie| {
            PartitionProduceResponse::default()
                .with_index(lie.index)
                .with_error_code(lie.code)
                .with_base_offset(lie.offset)
        };
        let topic = TopicProduceResponse::default()
            .with_name(topic_name(self.topic))
            .with_partition_responses(self.partitions.iter().map(partition).collect());
        ProduceResponse::default().with_responses(vec![topic])
    }

    fn fetched(&self) -> FetchResponse {
        let partition = |lie: &PartitionLie| {
            let records = self.records(lie);
            let diverging = EpochEndOffset::default().with_epoch(lie.epoch).with_end_offset(lie.offset);
            let data = PartitionData::default().with_partition_index(lie.index).with_error_code(lie.code);
            let data = data.with_records(Some(records));
            if lie.short < 0 { data.with_diverging_epoch(diverging) } else { data }
        };
        let topic = FetchableTopicResponse::default()
            .with_topic_id(TopicId(self.topic_id as u128).to_uuid())
            .with_partitions(self.partitions.iter().map(partition).collect());
        FetchResponse::default().with_responses(vec![topic])
    }

    fn records(&self, lie: &PartitionLie) -> Bytes {
        let mut records = BytesMut::new();
        for (base, count) in &lie.records {
            let mut builder = BatchBuilder::new(0);
            (0..*count).for_each(|_| builder.push(0, b"key", b"value"));
            let batch = builder.build(ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE);
            records.extend_from_slice(batch.placed_at(Offset(*base), LeaderEpoch(lie.epoch)).bytes());
        }
        match &self.damage {
            Damage::RecordsCut(at) if !records.is_empty() => records.truncate(at.index(records.len())),
            Damage::RecordsFlipped(at, bit) if !records.is_empty() => {
                let at = at.index(records.len());
                records[at] ^= 1 << bit;
            }
            _ => {}
        }
        records.freeze()
    }

    fn offsets(&self) -> ListOffsetsResponse {
        let partition = |lie: &PartitionLie| {
            ListOffsetsPartitionResponse::default()
                .with_partition_index(lie.index)
                .with_error_code(lie.code)
                .with_offset(lie.offset)
        };
        let topic = ListOffsetsTopicResponse::default()
            .with_name(topic_name(self.topic))
            .with_partitions(self.partitions.iter().map(partition).collect());
        ListOffsetsResponse::default().with_topics(vec![topic])
    }

    fn epochs(&self) -> OffsetForLeaderEpochResponse {
        let partition = |lie: &PartitionLie| {
            EpochEnd::default()
                .with_partition(lie.index)
                .with_error_code(lie.code)
                .with_leader_epoch(lie.epoch)
                .with_end_offset(lie.offset)
        };
        let topic = OffsetForLeaderTopicResult::default()
            .with_topic(topic_name(self.topic))
            .with_partitions(self.partitions.iter().map(partition).collect());
        OffsetForLeaderEpochResponse::default().with_topics(vec![topic])
    }

    fn topics(&self) -> CreateTopicsResponse {
        let topic = |lie: &PartitionLie| {
            CreatableTopicResult::default().with_name(topic_name(self.topic)).with_error_code(lie.code)
        };
        CreateTopicsResponse::default().with_topics(self.partitions.iter().map(topic).collect())
    }
}
