//! Requests that a story writes itself, and answers in words.

use broker_core::batch::{BatchBuilder, RecordBatch};
use broker_core::error::ErrorCode;
use broker_core::io::RequestId;
use broker_core::types::{BrokerId, LeaderEpoch, ProducerEpoch, ProducerId, Sequence, TopicId};
use broker_core::wire;
use bytes::Bytes;
use goldenscript::Command;
use kafka_protocol::messages::alter_partition_request::{BrokerState, PartitionData, TopicData};
use kafka_protocol::messages::broker_registration_request::Listener;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    AlterPartitionRequest, ApiKey, BrokerHeartbeatRequest, BrokerRegistrationRequest, FetchRequest,
    InitProducerIdRequest, ListOffsetsRequest, OffsetForLeaderEpochRequest, ProduceRequest, TopicName,
};
use kafka_protocol::protocol::{Request, StrBytes};

use crate::args::{Args, Result};
use crate::network::Asker;
use crate::show;
use crate::world::{CONTROLLER, World};

/// Bytes a by-hand fetch asks for.
const MAX_BYTES: i32 = 1 << 20;

impl World {
    /// Carries out a by-hand request; `false` if the command is none.
    pub fn by_hand(&mut self, command: &Command) -> Result<bool> {
        let mut args = Args::new(command);
        let args = &mut args;
        match command.name.as_str() {
            "produce" => self.produce(args)?,
            "fetch" => self.fetch(args)?,
            "list-offsets" => self.list_offsets(args)?,
            "epoch-end" => self.epoch_end(args)?,
            "register" => self.register(args)?,
            "heartbeat" => self.heartbeat(args)?,
            "alter-partition" => self.alter_partition(args)?,
            "init-producer-id" => {
                let to = args.text("to").unwrap_or("1").to_owned();
                let body = InitProducerIdRequest::default()
                    .with_transactional_id(None)
                    .with_producer_id((-1).into())
                    .with_producer_epoch(-1);
                self.ask(&to, &body);
            }
            "bytes" => {
                let to = args.text("to").unwrap_or("1").to_owned();
                let frame = args.rest().into_iter().map(|byte| u8::from_str_radix(byte, 16));
                let frame: Vec<u8> = frame.collect::<std::result::Result<_, _>>()?;
                self.ask_frame(&to, frame.into());
            }
            _ => return Ok(false),
        }
        let unused = args.pairs();
        if !unused.is_empty() {
            return Err(format!("unknown arguments {unused:?}").into());
        }
        Ok(true)
    }

    /// Sends a request under the next number.
    pub fn ask<R: Request>(&mut self, to: &str, body: &R) {
        let number = i32::try_from(self.hands + 1).expect("stories are short");
        self.ask_frame(to, wire::encode_request(RequestId(number), "story", body));
    }

    fn ask_frame(&mut self, to: &str, frame: Bytes) {
        self.hands += 1;
        let before = self.journal.len();
        let number = self.hands;
        self.call(Asker::Hand(number), to, frame, None);
        self.settle();
        let answer = format!("#{number} ");
        if !self.journal[before..].iter().any(|line| line.starts_with(&answer)) {
            self.journal.insert(before, format!("#{number} is waiting"));
        }
    }

    /// `produce VALUE… [to=1] [acks=all] [timeout=30000] [producer=id/epoch sequence=n] [damage=byte]`: one batch.
    fn produce(&mut self, args: &mut Args<'_>) -> Result<()> {
        let at = args.topic_partition()?;
        let to = args.text("to").unwrap_or("1").to_owned();
        let acks = match args.text("acks").unwrap_or("all") {
            "all" => -1,
            number => number.parse()?,
        };
        let timeout = args.or("timeout", 30_000)?;
        let (id, epoch) = match args.text("producer") {
            Some(text) => text.split_once('/').ok_or("producer= is id/epoch")?,
            None => ("-1", "-1"),
        };
        let (id, epoch) = (ProducerId(id.parse()?), ProducerEpoch(epoch.parse()?));
        let sequence = Sequence(args.or("sequence", -1)?);
        let damage: Option<usize> = args.get("damage")?;
        let mut builder = BatchBuilder::new(self.now.as_millis());
        for value in args.rest() {
            builder.push(self.now.as_millis(), b"", value.as_bytes());
        }
        let mut bytes = builder.build(id, epoch, sequence).bytes().to_vec();
        if let Some(at) = damage {
            bytes[at] ^= 1;
        }
        let data = PartitionProduceData::default().with_index(at.partition).with_records(Some(bytes.into()));
        let topic = TopicProduceData::default().with_name(name(&at.topic)).with_partition_data(vec![data]);
        let body =
            ProduceRequest::default().with_acks(acks).with_timeout_ms(timeout).with_topic_data(vec![topic]);
        self.ask(&to, &body);
        Ok(())
    }

    fn topic_id(&self, topic: &str) -> TopicId {
        let image = self.controller().map(broker_core::controller::Controller::image);
        image.and_then(|image| image.topic_id(topic)).unwrap_or(TopicId(999))
    }

    /// `fetch [as=2] [to=1] offset=n [epoch=n] [last=n] [broker-epoch=n] [wait=ms]`: as a follower, by default under its
    /// registration's epoch, or as a consumer.
    fn fetch(&mut self, args: &mut Args<'_>) -> Result<()> {
        let at = args.topic_partition()?;
        let to = args.text("to").unwrap_or("1").to_owned();
        let follower: i32 = args.or("as", -1)?;
        let registered = self.controller().and_then(|node| node.image().broker(BrokerId(follower)));
        let broker_epoch = registered.map_or(-1, |known| known.epoch.0);
        let partition = FetchPartition::default()
            .with_partition(at.partition)
            .with_fetch_offset(args.need("offset")?)
            .with_current_leader_epoch(args.or("epoch", -1)?)
            .with_last_fetched_epoch(args.or("last", -1)?)
            .with_log_start_offset(args.or("start", -1)?)
            .with_partition_max_bytes(MAX_BYTES);
        let topic = FetchTopic::default()
            .with_topic_id(self.topic_id(&at.topic).to_uuid())
            .with_partitions(vec![partition]);
        let state = ReplicaState::default()
            .with_replica_id(follower.into())
            .with_replica_epoch(args.or("broker-epoch", broker_epoch)?);
        let body = FetchRequest::default()
            .with_replica_state(state)
            .with_max_wait_ms(args.or("wait", 0)?)
            .with_min_bytes(1)
            .with_max_bytes(MAX_BYTES)
            .with_session_epoch(-1)
            .with_topics(vec![topic]);
        self.ask(&to, &body);
        Ok(())
    }

    /// `list-offsets latest|earliest [to=1] [epoch=n]`
    fn list_offsets(&mut self, args: &mut Args<'_>) -> Result<()> {
        let at = args.topic_partition()?;
        let timestamp = match args.next("latest or earliest")? {
            "latest" => -1,
            "earliest" => -2,
            other => other.parse()?,
        };
        let to = args.text("to").unwrap_or("1").to_owned();
        let partition = ListOffsetsPartition::default()
            .with_partition_index(at.partition)
            .with_timestamp(timestamp)
            .with_current_leader_epoch(args.or("epoch", -1)?);
        let topic = ListOffsetsTopic::default().with_name(name(&at.topic)).with_partitions(vec![partition]);
        let body = ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![topic]);
        self.ask(&to, &body);
        Ok(())
    }

    /// `epoch-end EPOCH [to=1] [epoch=n]`
    fn epoch_end(&mut self, args: &mut Args<'_>) -> Result<()> {
        let at = args.topic_partition()?;
        let to = args.text("to").unwrap_or("1").to_owned();
        let partition = OffsetForLeaderPartition::default()
            .with_partition(at.partition)
            .with_leader_epoch(args.next("an epoch")?.parse()?)
            .with_current_leader_epoch(args.or("epoch", -1)?);
        let topic =
            OffsetForLeaderTopic::default().with_topic(name(&at.topic)).with_partitions(vec![partition]);
        self.ask(&to, &OffsetForLeaderEpochRequest::default().with_topics(vec![topic]));
        Ok(())
    }

    /// `register BROKER incarnation=n [previous=broker epoch]`
    fn register(&mut self, args: &mut Args<'_>) -> Result<()> {
        let broker: i32 = args.next("a broker")?.parse()?;
        let listener = Listener::default()
            .with_name(StrBytes::from_static_str("PLAINTEXT"))
            .with_host(StrBytes::from_string(broker.to_string()))
            .with_port(9092);
        let body = BrokerRegistrationRequest::default()
            .with_broker_id(broker.into())
            .with_incarnation_id(uuid(args.need("incarnation")?))
            .with_listeners(vec![listener])
            .with_previous_broker_epoch(args.or("previous", -1)?);
        self.ask(CONTROLLER, &body);
        Ok(())
    }

    /// `heartbeat BROKER [epoch=n] [read=offset] [leave=true]`: by default under its registration's epoch and as one
    /// that has read all metadata.
    fn heartbeat(&mut self, args: &mut Args<'_>) -> Result<()> {
        let broker = BrokerId(args.next("a broker")?.parse()?);
        let image = self.controller().ok_or("no controller is running")?.image();
        let epoch = image.broker(broker).map_or(-1, |known| known.epoch.0);
        let end = image.end_offset().0;
        let body = BrokerHeartbeatRequest::default()
            .with_broker_id(broker.0.into())
            .with_broker_epoch(args.or("epoch", epoch)?)
            .with_current_metadata_offset(args.or("read", end)?)
            .with_want_shut_down(args.or("leave", false)?);
        self.ask(CONTROLLER, &body);
        Ok(())
    }

    /// `alter-partition isr=1,2 [by=1] [leader-epoch=n] [partition-epoch=n] [epochs=n,n]`: by default on the current state,
    /// by its leader, with members whose broker epochs are not said.
    fn alter_partition(&mut self, args: &mut Args<'_>) -> Result<()> {
        let at = args.topic_partition()?;
        let image = self.controller().ok_or("no controller is running")?.image();
        let topic = image.topic_id(&at.topic).ok_or("no such topic")?;
        let state = image.partition(topic, at.partition).ok_or("no such topic partition")?.clone();
        let by = BrokerId(args.or("by", state.leader.0)?);
        let broker_epoch = image.broker(by).map_or(-1, |known| known.epoch.0);
        let isr = args.brokers("isr")?.ok_or("isr= is missing")?;
        let epochs: Vec<i64> = match args.text("epochs") {
            Some(text) => text.split(',').map(str::parse).collect::<std::result::Result<_, _>>()?,
            None => vec![-1; isr.len()],
        };
        let members = isr.iter().zip(epochs);
        let members = members.map(|(member, epoch)| {
            BrokerState::default().with_broker_id(member.0.into()).with_broker_epoch(epoch)
        });
        let partition = PartitionData::default()
            .with_partition_index(at.partition)
            .with_leader_epoch(args.or("leader-epoch", state.leader_epoch.0)?)
            .with_partition_epoch(args.or("partition-epoch", state.partition_epoch.0)?)
            .with_new_isr_with_epochs(members.collect());
        let topic = TopicData::default().with_topic_id(topic.to_uuid()).with_partitions(vec![partition]);
        let body = AlterPartitionRequest::default()
            .with_broker_id(by.0.into())
            .with_broker_epoch(args.or("broker-epoch", broker_epoch)?)
            .with_topics(vec![topic]);
        self.ask(CONTROLLER, &body);
        Ok(())
    }
}

fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// An answer to a by-hand request, in words.
pub fn describe(api: ApiKey, frame: Bytes) -> String {
    let described = match api {
        ApiKey::Produce => wire::decode_response::<ProduceRequest>(frame).map(|body| {
            let answer = &body.responses[0].partition_responses[0];
            ok_or(answer.error_code, || format!("ok offset={}", show::offset(answer.base_offset)))
        }),
        ApiKey::Fetch => wire::decode_response::<FetchRequest>(frame).map(|body| {
            let answer = &body.responses[0].partitions[0];
            ok_or(answer.error_code, || fetched(answer))
        }),
        ApiKey::ListOffsets => wire::decode_response::<ListOffsetsRequest>(frame).map(|body| {
            let answer = &body.topics[0].partitions[0];
            ok_or(answer.error_code, || format!("offset={} epoch={}", answer.offset, answer.leader_epoch))
        }),
        ApiKey::OffsetForLeaderEpoch => {
            wire::decode_response::<OffsetForLeaderEpochRequest>(frame).map(|body| {
                let answer = &body.topics[0].partitions[0];
                ok_or(answer.error_code, || {
                    format!("epoch={} end={}", answer.leader_epoch, answer.end_offset)
                })
            })
        }
        ApiKey::BrokerRegistration => wire::decode_response::<BrokerRegistrationRequest>(frame)
            .map(|body| ok_or(body.error_code, || format!("broker epoch {}", body.broker_epoch))),
        ApiKey::BrokerHeartbeat => wire::decode_response::<BrokerHeartbeatRequest>(frame).map(|body| {
            let leave = if body.should_shut_down { ", may leave" } else { "" };
            let fenced = if body.is_fenced { "fenced" } else { "unfenced" };
            ok_or(body.error_code, || format!("{fenced}{leave}"))
        }),
        ApiKey::AlterPartition => wire::decode_response::<AlterPartitionRequest>(frame).map(|body| {
            let altered = body.topics.first().map(|topic| &topic.partitions[0]);
            let (code, isr) = altered.map_or((0, &[][..]), |answer| (answer.error_code, &answer.isr[..]));
            let isr: Vec<BrokerId> = isr.iter().map(|member| BrokerId(member.0)).collect();
            let epoch = altered.map_or(-1, |answer| answer.partition_epoch);
            let error = if body.error_code == 0 { code } else { body.error_code };
            ok_or(error, || format!("isr={} partition_epoch={epoch}", show::ids(&isr)))
        }),
        ApiKey::InitProducerId => wire::decode_response::<InitProducerIdRequest>(frame).map(|body| {
            ok_or(body.error_code, || format!("producer={}/{}", body.producer_id.0, body.producer_epoch))
        }),
        other => return crate::controller::describe(other, frame),
    };
    described.unwrap_or_else(|error| error.to_string())
}

fn ok_or(code: i16, ok: impl FnOnce() -> String) -> String {
    let code = ErrorCode(code);
    if code.is_none() { ok() } else { code.to_string() }
}

fn fetched(answer: &kafka_protocol::messages::fetch_response::PartitionData) -> String {
    let mut text = format!("high_watermark={}", answer.high_watermark);
    if 0 < answer.log_start_offset {
        text.push_str(&format!(" log_start={}", answer.log_start_offset));
    }
    if let Some(epoch) = LeaderEpoch(answer.diverging_epoch.epoch).known() {
        text.push_str(&format!(" diverging epoch={epoch} end={}", answer.diverging_epoch.end_offset));
    }
    let batches = RecordBatch::all_from(answer.records.clone().unwrap_or_default());
    for batch in batches.unwrap_or_default() {
        text.push_str(&format!(" [{}]", show::batch(&batch)));
    }
    text
}
