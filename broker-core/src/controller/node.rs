//! The controller as a state machine: requests in, records to the log, answers out once they are durable.

use std::collections::{BTreeMap, VecDeque};
use std::io::ErrorKind;

use bytes::Bytes;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::protocol::Encodable;

use super::brokers::Session;
use super::snapshots::{Snapshots, recover};
use crate::config::{BrokerConfig, FlushPolicy};
use crate::error::{BatchError, ErrorCode, LogError, StorageError};
use crate::event::Event;
use crate::io::{ConnectionId, Effect, FlushId, HaltReason, Input, Node, Storage};
use crate::log::{Log, LogConfig, Opening};
use crate::metadata::{MetadataImage, MetadataRecord, encode_batch};
use crate::steady::Steady;
use crate::time::{Timestamp, earliest};
use crate::types::{BrokerId, LeaderEpoch, Offset, TopicId, TopicPartition};
use crate::wire::{self, Request, RequestContext};

/// How many bytes of the metadata log one answer carries.
const FETCH_MAX_BYTES: usize = 1 << 20;
const SEGMENT_BYTES: u64 = 1 << 30;
/// There is one controller, and nobody else ever led.
const EPOCH: LeaderEpoch = LeaderEpoch(0);

/// What a controller needs to know.
#[derive(Clone, Debug)]
pub struct ControllerConfig {
    /// Session timeout and the defaults of topics.
    pub broker: BrokerConfig,
}

/// A fetch of the metadata log that found nothing new.
#[derive(Debug)]
struct PendingFetch {
    connection: ConnectionId,
    context: RequestContext,
    offset: Offset,
    deadline: Timestamp,
}

/// The controller.
///
/// * The image contains every record of the log, durable or not.
/// * `waiting` is ordered by offset; no answer leaves before the log is durable up to its offset.
/// * At most one flush is under way.
/// * A snapshot says nothing that is not durable in the log.
pub struct Controller {
    pub(super) config: ControllerConfig,
    pub(super) storage: Box<dyn Storage>,
    log: Log,
    pub(super) snapshots: Snapshots,
    pub(super) image: MetadataImage,
    pub(super) sessions: BTreeMap<BrokerId, Session>,
    waiting: VecDeque<(Offset, Effect)>,
    fetches: Vec<PendingFetch>,
    flushing: Option<FlushId>,
    flushes: u64,
    effects: VecDeque<Effect>,
    halted: bool,
    steady: Steady,
}

impl Controller {
    /// Opens the metadata log and rebuilds the image from the newest snapshot and what the log says after it. Brokers that were not fenced get a fresh session: how
    /// long ago they were heard of is not in the log.
    ///
    /// # Errors
    /// If the log cannot be read, is not as it was written, holds something other than metadata, or does not reach from
    /// the snapshot on. Nobody could repair it: better no controller than one that has forgotten what it said.
    pub fn open(
        now: Timestamp,
        mut storage: Box<dyn Storage>,
        config: ControllerConfig,
    ) -> Result<Controller, LogError> {
        let log_config =
            LogConfig { segment_bytes: SEGMENT_BYTES, flush: FlushPolicy::default(), retention_bytes: None };
        // How much of it is durable is not written anywhere, and there is no other copy: it will all be flushed before
        // the first answer, and what has rotted must not be taken for what was never answered.
        let (topic_partition, opening) = (TopicPartition::metadata(), Opening::Unknown);
        let (log, report) =
            Log::open(storage.as_mut(), topic_partition.clone(), log_config, opening, Offset::ZERO)?;
        if let Some(epoch) = log.latest_epoch().filter(|epoch| *epoch != EPOCH) {
            // Leader epochs are outside the checksums, but only one was ever written.
            let reason = BatchError::LeaderEpoch { previous: EPOCH.0, actual: epoch.0 };
            return Err(LogError::Corrupt { offset: log.end_offset().0, reason });
        }
        let recovered = recover(storage.as_ref(), &log)?;
        let image = recovered.image;
        let sessions = image.brokers().iter().filter(|(_, registration)| !registration.fenced);
        let sessions = sessions.map(|(broker, _)| (*broker, Session::starting(now))).collect();
        let mut controller = Controller {
            config,
            storage,
            log,
            snapshots: recovered.snapshots,
            image,
            sessions,
            waiting: VecDeque::new(),
            fetches: Vec::new(),
            flushing: None,
            flushes: 0,
            effects: VecDeque::new(),
            halted: false,
            steady: Steady::new(now),
        };
        controller.observe(Event::RecoveryFinished {
            topic_partition,
            end_offset: report.end_offset,
            cut_bytes: report.cut_bytes,
        });
        recovered.events.into_iter().for_each(|event| controller.observe(event));
        controller.flush();
        Ok(controller)
    }

    /// Cluster metadata as the controller sees it, durable or not.
    pub fn image(&self) -> &MetadataImage {
        &self.image
    }

    /// After a halt nothing happens any more.
    pub(super) fn observe(&mut self, event: Event) {
        if self.halted {
            return;
        }
        self.effects.push_back(Effect::Observe(event));
    }

    /// Appends the records as one batch and applies them.
    pub(super) fn write(&mut self, now: Timestamp, records: Vec<MetadataRecord>) {
        if self.halted || records.is_empty() {
            return;
        }
        let batch = encode_batch(&records, now.as_millis());
        self.snapshots.appended(batch.bytes().len());
        match self.log.append_as_leader(self.storage.as_mut(), batch, EPOCH) {
            Ok(appended) => {
                for (record, index) in records.into_iter().zip(0..) {
                    self.image.apply(appended.base_offset.plus(index), record);
                }
                assert_eq!(self.image.end_offset(), self.log.end_offset());
            }
            Err(LogError::Storage(error)) => self.halt(error),
            Err(error) => unreachable!("an append at the end failed: {error}"),
        }
    }

    /// Answers once everything written so far is durable.
    pub(super) fn respond<B: Encodable>(
        &mut self,
        connection: ConnectionId,
        context: RequestContext,
        body: &B,
    ) {
        if self.halted {
            return;
        }
        let frame = Some(wire::encode_response(context, body));
        self.waiting.push_back((self.log.end_offset(), Effect::Respond { connection, frame }));
    }

    pub(super) fn halt(&mut self, error: StorageError) {
        if self.halted {
            return;
        }
        self.waiting.clear();
        self.fetches.clear();
        let (path, operation) = (error.path.clone(), error.operation.to_owned());
        self.observe(Event::StorageFailed { path, operation });
        self.halted = true;
        self.effects.push_back(Effect::Halt { reason: HaltReason::Storage(error) });
    }

    fn request(&mut self, now: Timestamp, connection: ConnectionId, frame: Bytes) {
        let Ok((context, request)) = wire::decode_request(frame) else {
            // As Kafka does with a peer that does not speak its protocol.
            return self.effects.push_back(Effect::Close { connection });
        };
        match request {
            Request::Fetch(body) => self.fetch(now, connection, context, &body),
            Request::BrokerRegistration(body) => self.register(now, connection, context, &body),
            Request::BrokerHeartbeat(body) => self.heartbeat(now, connection, context, &body),
            Request::AlterPartition(body) => self.alter_partition(now, connection, context, body),
            Request::AllocateProducerIds(body) => {
                self.allocate_producer_ids(now, connection, context, &body);
            }
            Request::CreateTopics(body) => self.create_topics(now, connection, context, &body),
            _ => self.effects.push_back(Effect::Close { connection }),
        }
    }

    fn fetch(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        context: RequestContext,
        body: &FetchRequest,
    ) {
        let asked = body.topics.iter().find(|topic| TopicId::from_uuid(topic.topic_id) == TopicId::METADATA);
        let Some(partition) =
            asked.and_then(|topic| topic.partitions.iter().find(|asked| asked.partition == 0))
        else {
            return self.effects.push_back(Effect::Close { connection });
        };
        let wait = std::time::Duration::from_millis(body.max_wait_ms.max(0) as u64);
        let fetch = PendingFetch {
            connection,
            context,
            offset: Offset(partition.fetch_offset),
            deadline: now + wait,
        };
        if !self.answer_fetch(now, &fetch) {
            self.fetches.push(fetch);
        }
    }

    /// Whether there was something to say: records, an error, or that time is up.
    fn answer_fetch(&mut self, now: Timestamp, fetch: &PendingFetch) -> bool {
        let durable = self.log.recovery_point();
        let (error, records) = if durable < fetch.offset {
            // Possible while a restarted controller has not flushed yet; later it is a lie.
            let known = if self.log.end_offset() < fetch.offset {
                ErrorCode::OFFSET_OUT_OF_RANGE
            } else {
                ErrorCode::NONE
            };
            (known, Bytes::new())
        } else {
            match self.log.read(self.storage.as_ref(), fetch.offset, durable, FETCH_MAX_BYTES) {
                Ok(records) => (ErrorCode::NONE, records),
                Err(LogError::OutOfRange { .. }) => (ErrorCode::OFFSET_OUT_OF_RANGE, Bytes::new()),
                // Nobody would learn any more what it decides.
                Err(error @ (LogError::Storage(_) | LogError::Corrupt { .. })) => {
                    self.halt(unreadable(error));
                    return true;
                }
            }
        };
        if error.is_none() && records.is_empty() && now < fetch.deadline {
            return false;
        }
        let partition = PartitionData::default()
            .with_partition_index(0)
            .with_error_code(error.0)
            .with_high_watermark(durable.0)
            .with_log_start_offset(0)
            .with_records(Some(records));
        let topic = FetchableTopicResponse::default()
            .with_topic_id(TopicId::METADATA.to_uuid())
            .with_partitions(vec![partition]);
        let body = FetchResponse::default().with_responses(vec![topic]);
        let frame = Some(wire::encode_response(fetch.context, &body));
        self.effects.push_back(Effect::Respond { connection: fetch.connection, frame });
        true
    }

    fn answer_fetches(&mut self, now: Timestamp) {
        for fetch in std::mem::take(&mut self.fetches) {
            if !self.halted && !self.answer_fetch(now, &fetch) {
                self.fetches.push(fetch);
            }
        }
    }

    fn flush(&mut self) {
        if self.halted || self.flushing.is_some() {
            return;
        }
        let Some(plan) = self.log.start_flush() else { return };
        let flush = FlushId(self.flushes);
        self.flushes += 1;
        self.flushing = Some(flush);
        let mut steps = plan.steps;
        // After the records it is made of.
        steps.extend(self.begin_snapshot());
        self.effects.push_back(Effect::Flush { flush, steps });
    }

    fn flushed(&mut self, flush: FlushId, result: Result<(), StorageError>) {
        assert_eq!(self.flushing.take(), Some(flush), "one flush at a time");
        match result {
            Ok(()) => {
                self.log.finish_flush();
                self.finish_snapshot();
            }
            Err(error) => self.halt(error),
        }
    }

    fn release_answers(&mut self) {
        let durable = self.log.recovery_point();
        while self.waiting.front().is_some_and(|(offset, _)| *offset <= durable) {
            let (_, effect) = self.waiting.pop_front().expect("looked at it");
            self.effects.push_back(effect);
        }
    }
}

fn unreadable(error: LogError) -> StorageError {
    match error {
        LogError::Storage(error) => error,
        error => StorageError {
            operation: "read",
            path: format!("{}: {error}", TopicPartition::metadata()),
            kind: ErrorKind::InvalidData,
            errno: None,
        },
    }
}

impl Node for Controller {
    fn handle(&mut self, now: Timestamp, input: Input) {
        if self.halted {
            return;
        }
        let now = self.steady.read(now);
        match input {
            Input::Request { connection, frame } => self.request(now, connection, frame),
            Input::ConnectionClosed { connection } => {
                self.fetches.retain(|fetch| fetch.connection != connection);
            }
            Input::Flushed { flush, result } => self.flushed(flush, result),
            Input::Shutdown => self.effects.push_back(Effect::Halt { reason: HaltReason::Shutdown }),
            Input::Tick => {}
            Input::Response { .. } | Input::Send(_) => unreachable!("a controller asks nobody"),
        }
        if self.halted {
            return;
        }
        self.fence_expired(now);
        self.flush();
        self.release_answers();
        if self.fetches.iter().any(|fetch| fetch.deadline <= now || fetch.offset < self.log.recovery_point())
        {
            self.answer_fetches(now);
        }
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        if self.halted {
            return None;
        }
        let fetches = self.fetches.iter().map(|fetch| fetch.deadline).min();
        earliest(fetches, self.next_session_end()).map(|at| self.steady.on_clock(at))
    }
}
