//! Stories about brokers in a small cluster.

mod bad_input;
mod clock;
mod cluster;
mod damage;
mod disk;
mod durability;
mod fuzz;
mod hostile;
mod offline;
mod protocol;
mod replication;
mod retention;

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    CreateTopicsRequest, FetchRequest, ProduceRequest, ProduceResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use self::cluster::{CONTROLLER, Cluster};
use crate::batch::RecordBatch;
use crate::config::{Acks, RawValue};
use crate::error::ErrorCode;
use crate::io::{HaltReason, Input, Storage};
use crate::replica::Replica;
use crate::testing;
use crate::types::TopicPartition;

impl Cluster {
    /// With topic `orders` of one partition, held by all brokers and led by broker 1, which knows that it leads.
    fn with_topic(brokers: i32, properties: &[(&str, RawValue<'_>)], configs: &[(&str, &str)]) -> Cluster {
        let mut cluster = Cluster::start(brokers, properties);
        cluster.run_until("all brokers unfenced", |cluster| {
            let known = cluster.controller().image().brokers();
            known.len() == brokers as usize && known.values().all(|broker| !broker.fenced)
        });
        let text = |text: &str| StrBytes::from_string(text.to_owned());
        let configs = configs.iter().map(|(name, value)| {
            CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
        });
        let topic = CreatableTopic::default()
            .with_name(TopicName(text("orders")))
            .with_num_partitions(1)
            .with_replication_factor(brokers as i16)
            .with_configs(configs.collect());
        let response = cluster.ask(CONTROLLER, &CreateTopicsRequest::default().with_topics(vec![topic]));
        assert_eq!(response.topics[0].error_code, 0);
        cluster.run_until("everybody knows of the topic", |cluster| {
            (1..=brokers).all(|id| cluster.broker(id).replicas().contains_key(&orders()))
        });
        cluster
    }

    fn replica(&self, broker: i32) -> &Replica {
        &self.broker(broker).replicas()[&orders()]
    }

    /// Log end and high watermark.
    fn offsets(&self, broker: i32) -> (i64, i64) {
        let replica = self.replica(broker);
        (replica.log().end_offset().0, replica.high_watermark().0)
    }

    /// Leader and ISR, as the controller sees them.
    fn partition(&self) -> (i32, Vec<i32>) {
        let image = self.controller().image();
        let state = image.partition(image.topic_id("orders").unwrap(), 0).unwrap();
        (state.leader.0, state.isr.iter().map(|member| member.0).collect())
    }

    /// A consumer's fetch from `orders-0` that waits up to a second for something new.
    fn consumer_fetch(&self, from: i64) -> FetchRequest {
        let id = self.controller().image().topic_id("orders").expect("it was created");
        let partition = FetchPartition::default()
            .with_partition(0)
            .with_fetch_offset(from)
            .with_partition_max_bytes(1 << 20);
        let topic = FetchTopic::default().with_topic_id(id.to_uuid()).with_partitions(vec![partition]);
        FetchRequest::default()
            .with_max_bytes(1 << 20)
            .with_min_bytes(1)
            .with_max_wait_ms(1_000)
            .with_topics(vec![topic])
    }

    fn lose_power(&mut self, id: i32) {
        self.kill(id);
        self.storages[&id].borrow_mut().lose_unflushed();
    }

    fn shut_down(&mut self, id: i32) {
        self.handle(id, Input::Shutdown);
        self.run_until("it has stopped", |cluster| cluster.halted.contains_key(&id));
        assert_eq!(self.halted[&id], HaltReason::Shutdown);
    }

    /// Events of one broker with this name.
    fn seen(&self, id: i32, name: &str) -> usize {
        self.events.iter().filter(|(by, event)| *by == id && event.name() == name).count()
    }

    fn file(&self, id: i32, path: &str) -> Option<String> {
        let content = self.storages[&id].read_file(path).unwrap()?;
        Some(String::from_utf8(content.to_vec()).unwrap())
    }

    fn produce(&mut self, broker: i32, acks: Acks, batches: &[RecordBatch]) -> (ErrorCode, i64) {
        let response = self.ask(broker, &produce(acks, &[batches]));
        answer(&response)
    }
}

fn orders() -> TopicPartition {
    TopicPartition::new("orders", 0)
}

/// A produce request to `orders-0` that names it once for each of `parts`.
fn produce(acks: Acks, parts: &[&[RecordBatch]]) -> ProduceRequest {
    let data = parts.iter().map(|batches| {
        let records: Vec<u8> = batches.iter().flat_map(|batch| batch.bytes().to_vec()).collect();
        PartitionProduceData::default().with_records(Some(Bytes::from(records)))
    });
    let topic = TopicProduceData::default()
        .with_name(TopicName(StrBytes::from_static_str("orders")))
        .with_partition_data(data.collect());
    ProduceRequest::default().with_acks(acks.to_wire()).with_timeout_ms(1_000).with_topic_data(vec![topic])
}

fn answer(response: &ProduceResponse) -> (ErrorCode, i64) {
    let partition = &response.responses[0].partition_responses[0];
    (ErrorCode(partition.error_code), partition.base_offset)
}
