//! Stories about a producer and the brokers it talks to, with the brokers' part played by hand.

mod batching;
mod clock;
mod contract;
mod deadlines;
mod outcomes;
mod retries;
mod sequences;

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{InitProducerIdResponse, ProduceResponse};

use super::Producer;
use crate::batch::RecordBatch;
use crate::client::fake::{Rig, Sent, TOPIC, endpoint, metadata};
use crate::client::requests::topic_name;
use crate::config::{ProducerConfig, Properties, RawValue, Scope, TimeScale};
use crate::error::ErrorCode;
use crate::io::{Effect, Input, ProducerRecord, SendOutcome};
use crate::types::TopicPartition;
use crate::wire::Request;

type Setting<'a> = (&'a str, RawValue<'a>);

/// The first producer id the fake hands out; each request gets the next one.
const FIRST_ID: i64 = 1000;

fn config(settings: &[Setting<'_>]) -> ProducerConfig {
    let mut properties = Properties::new(Scope::Producer);
    for (name, value) in settings {
        properties.set(name, *value).unwrap();
    }
    ProducerConfig::new(&properties, TimeScale::Kafka).unwrap()
}

fn start(settings: &[Setting<'_>]) -> Rig<Producer> {
    let bootstrap = (1..=3).map(endpoint).collect();
    let mut rig = Rig::new(Producer::new(config(settings), "producer".to_owned(), bootstrap, 42));
    rig.tick();
    rig
}

fn send(rig: &mut Rig<Producer>, partition: i32, token: u64) {
    send_value(rig, partition, token, format!("value {token}"));
}

fn send_value(rig: &mut Rig<Producer>, partition: i32, token: u64, value: impl Into<Bytes>) {
    let topic_partition = TopicPartition::new(TOPIC, partition);
    let record =
        ProducerRecord { token, topic_partition, key: Bytes::from_static(b"key"), value: value.into() };
    rig.input(Input::Send(record));
}

/// Answers all requests for metadata and producer ids, also those that follow from the answers.
fn serve(rig: &mut Rig<Producer>, leaders: &[(i32, i32)]) {
    while let Some(index) = rig.requests.iter().position(|sent| !matches!(sent.body, Request::Produce(_))) {
        let sent = rig.requests.remove(index).unwrap();
        match &sent.body {
            Request::Metadata(_) => rig.answer(&sent, &metadata(leaders)),
            Request::InitProducerId(_) => {
                // Correlation ids rise, so ids handed out later are larger.
                let id = FIRST_ID + i64::from(sent.id.0);
                rig.answer(&sent, &InitProducerIdResponse::default().with_producer_id(id.into()));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A produce request as the broker sees it.
struct Produced {
    sent: Sent,
    batches: BTreeMap<i32, RecordBatch>,
}

impl Produced {
    fn values(&self, partition: i32) -> Vec<String> {
        let records = self.batches[&partition].records().unwrap();
        records.iter().map(|record| String::from_utf8(record.value.to_vec()).unwrap()).collect()
    }

    fn numbers(&self, partition: i32) -> (i64, i16, i32) {
        let batch = &self.batches[&partition];
        (batch.producer_id().0, batch.producer_epoch().0, batch.base_sequence().0)
    }

    fn sequence(&self) -> i32 {
        self.numbers(0).2
    }
}

/// The produce requests that left since the last call.
fn produced(rig: &mut Rig<Producer>) -> Vec<Produced> {
    let (produce, others) =
        rig.requests.drain(..).partition::<Vec<_>, _>(|sent| matches!(sent.body, Request::Produce(_)));
    rig.requests = others.into();
    let decode = |sent: Sent| {
        let Request::Produce(body) = &sent.body else { unreachable!() };
        let mut batches = BTreeMap::new();
        for data in body.topic_data.iter().flat_map(|topic| &topic.partition_data) {
            let batch = RecordBatch::split_from(&mut data.records.clone().unwrap()).unwrap();
            assert!(batches.insert(data.index, batch).is_none(), "two batches of one topic partition");
        }
        Produced { batches, sent }
    };
    produce.into_iter().map(decode).collect()
}

fn reply(rig: &mut Rig<Producer>, to: &Produced, code: ErrorCode, base_offset: i64) {
    let partition = |index: &i32| {
        PartitionProduceResponse::default()
            .with_index(*index)
            .with_error_code(code.0)
            .with_base_offset(base_offset)
    };
    let topic = TopicProduceResponse::default()
        .with_name(topic_name(TOPIC))
        .with_partition_responses(to.batches.keys().map(partition).collect());
    rig.answer(&to.sent, &ProduceResponse::default().with_responses(vec![topic]));
}

fn accept(rig: &mut Rig<Producer>, to: &Produced, base_offset: i64) {
    reply(rig, to, ErrorCode::NONE, base_offset);
}

/// How all sends ended so far; none twice.
fn outcomes(rig: &Rig<Producer>) -> BTreeMap<u64, SendOutcome> {
    let mut outcomes = BTreeMap::new();
    for effect in &rig.others {
        if let Effect::SendCompleted { token, outcome } = effect {
            assert!(outcomes.insert(*token, outcome.clone()).is_none(), "token {token} completed twice");
        }
    }
    outcomes
}

/// The token of the record that [`open_window`] sends to partition 0.
const OPENER: u64 = 1_000;

/// Lets the first batch of a topic partition be acknowledged, so that more than one may follow in flight. The numbers of
/// what follows begin at 1.
fn open_window(rig: &mut Rig<Producer>, partition: i32, leaders: &[(i32, i32)]) {
    send(rig, partition, OPENER + u64::try_from(partition).unwrap());
    serve(rig, leaders);
    let requests = produced(rig);
    let [first] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert_eq!(first.numbers(partition).2, 0);
    accept(rig, first, 0);
}

/// A producer with an id and metadata that sends one batch per record to partition 0, whose leader is broker 1.
fn one_record_per_batch(more: &[Setting<'_>]) -> Rig<Producer> {
    let mut settings = vec![("batch.size", RawValue::Int(0))];
    settings.extend_from_slice(more);
    let mut rig = start(&settings);
    serve(&mut rig, &[(1, 0), (2, 0)]);
    rig
}
