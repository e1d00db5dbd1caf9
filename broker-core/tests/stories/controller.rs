//! Requests only a controller answers, and its metadata log as a reader of its disk sees it.

use broker_core::batch::RecordBatch;
use broker_core::error::ErrorCode;
use broker_core::io::Storage;
use broker_core::metadata::{MetadataRecord, decode_batch};
use broker_core::types::{BrokerId, TopicPartition};
use broker_core::wire;
use bytes::Bytes;
use goldenscript::Command;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::{
    AllocateProducerIdsRequest, ApiKey, CreateTopicsRequest, CreateTopicsResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use crate::args::{Args, Result};
use crate::show;
use crate::world::{CONTROLLER, World};

/// The only segment of the metadata log: stories are short.
const METADATA_SEGMENT: &str = "00000000000000000000.log";

impl World {
    /// Carries out a request to the controller; `false` if the command is none.
    pub fn controller_command(&mut self, command: &Command) -> Result<bool> {
        let mut args = Args::new(command);
        match command.name.as_str() {
            "create-topics" => self.create_topics(&mut args)?,
            "allocate-producer-ids" => self.allocate_producer_ids(&mut args)?,
            "metadata" => {
                let lines = self.metadata_lines(args.or("from", 0)?)?;
                self.journal.extend(lines);
            }
            _ => return Ok(false),
        }
        args.done()?;
        Ok(true)
    }

    /// `create-topics NAME… [partitions=1] [rf=1] [property=value…]`: in one request.
    fn create_topics(&mut self, args: &mut Args<'_>) -> Result<()> {
        let text = |text: &str| StrBytes::from_string(text.to_owned());
        let (partitions, factor) = (args.or("partitions", 1)?, args.or("rf", 1)?);
        let configs = args.pairs().into_iter().map(|(name, value)| {
            CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
        });
        let configs: Vec<CreatableTopicConfig> = configs.collect();
        let topics = args.rest().into_iter().map(|name| {
            CreatableTopic::default()
                .with_name(TopicName(text(name)))
                .with_num_partitions(partitions)
                .with_replication_factor(factor)
                .with_configs(configs.clone())
        });
        self.ask(CONTROLLER, &CreateTopicsRequest::default().with_topics(topics.collect()));
        Ok(())
    }

    /// `allocate-producer-ids BROKER [epoch=n]`: by default under its registration's epoch.
    fn allocate_producer_ids(&mut self, args: &mut Args<'_>) -> Result<()> {
        let broker = BrokerId(args.next("a broker")?.parse()?);
        let image = self.controller().ok_or("no controller is running")?.image();
        let epoch = image.broker(broker).map_or(-1, |known| known.epoch.0);
        let body = AllocateProducerIdsRequest::default()
            .with_broker_id(broker.0.into())
            .with_broker_epoch(args.or("epoch", epoch)?);
        self.ask(CONTROLLER, &body);
        Ok(())
    }

    /// `metadata [from=offset]`: one line for each batch.
    fn metadata_lines(&self, from: i64) -> Result<Vec<String>> {
        let path = format!("{}/{METADATA_SEGMENT}", TopicPartition::metadata());
        let host = self.hosts.get(CONTROLLER).ok_or("there is no controller")?;
        let content = host.storage.read_file(&path)?.unwrap_or_default();
        let batches = RecordBatch::all_from(content)?;
        let later = batches.iter().filter(|batch| from <= batch.base_offset().0);
        later
            .map(|batch| {
                let records = decode_batch(batch)?;
                let records: Vec<String> = records.iter().map(|(_, record)| line(record)).collect();
                Ok(format!("{}: {}", batch.base_offset(), records.join(", ")))
            })
            .collect()
    }
}

fn line(record: &MetadataRecord) -> String {
    match record {
        MetadataRecord::RegisterBroker { broker, broker_epoch, .. } => {
            format!("register {broker} with broker epoch {broker_epoch}")
        }
        MetadataRecord::FenceBroker { broker } => format!("fence {broker}"),
        MetadataRecord::UnfenceBroker { broker } => format!("unfence {broker}"),
        MetadataRecord::ControlledShutdown { broker } => format!("controlled shutdown of {broker}"),
        MetadataRecord::Topic { name, .. } => format!("topic {name}"),
        MetadataRecord::Partition { partition, state, .. } => {
            let elr =
                if state.elr.is_empty() { String::new() } else { format!(" elr={}", show::ids(&state.elr)) };
            format!("partition {partition} leader={} isr={}{elr}", state.leader, show::ids(&state.isr))
        }
        MetadataRecord::ProducerIds { next } => format!("producer ids below {next}"),
    }
}

/// A controller's answer in words.
pub fn describe(api: ApiKey, frame: Bytes) -> String {
    let described = match api {
        ApiKey::CreateTopics => {
            wire::decode_response::<CreateTopicsRequest>(frame).map(|body| created(&body))
        }
        ApiKey::AllocateProducerIds => {
            wire::decode_response::<AllocateProducerIdsRequest>(frame).map(|body| {
                let (code, start) = (ErrorCode(body.error_code), body.producer_id_start.0);
                let end = start + i64::from(body.producer_id_len);
                if code.is_none() { format!("producer ids {start}..{end}") } else { code.to_string() }
            })
        }
        other => return format!("answer to {other:?}, {} bytes", frame.len()),
    };
    described.unwrap_or_else(|error| error.to_string())
}

fn created(body: &CreateTopicsResponse) -> String {
    let one = |code: i16| {
        if ErrorCode(code).is_none() { "created".to_owned() } else { ErrorCode(code).to_string() }
    };
    let topics = body.topics.iter().map(|topic| format!("{} {}", topic.name.0, one(topic.error_code)));
    topics.collect::<Vec<_>>().join(", ")
}
