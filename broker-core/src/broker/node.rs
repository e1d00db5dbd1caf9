//! The broker as a state machine: opening, routing, settling.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse};

use super::catalog::Catalog;
use super::fetch::Fetches;
use super::fetcher::Fetchers;
use super::flush::{Flushes, read_checkpoint, take_clean_shutdown_marker};
use super::lifecycle::Lifecycle;
use super::offline::Noting;
use super::opening::LogDirectory;
use super::peers::Peers;
use super::produce::Produces;
use super::producer_ids::ProducerIds;
use super::retention::Retention;
use crate::config::BrokerConfig;
use crate::error::{ErrorCode, LogError};
use crate::event::Event;
use crate::io::{ConnectionId, Effect, Input, Node, Storage};
use crate::log::{DamageNote, HIGH_WATERMARK_CHECKPOINT, Log, Opening};
use crate::metadata::MetadataImage;
use crate::replica::{Env, Outbox, Replica};
use crate::steady::Steady;
use crate::time::{Timestamp, earliest};
use crate::types::{BrokerEpoch, BrokerId, Endpoint, Offset, TopicPartition};
use crate::wire::{self, Request, RequestContext, WireError};

/// Who a broker is and whom it knows.
#[derive(Clone, Debug)]
pub struct BrokerSettings {
    /// `node.id`.
    pub id: BrokerId,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// Where the controller listens.
    pub controller: Endpoint,
    /// Distinguishes this process from any other with the same id; drawn by whoever starts it.
    pub incarnation: u128,
    /// Its settings.
    pub config: BrokerConfig,
}

/// What replicas need of their broker; apart from the replicas themselves so that both can be borrowed.
pub(super) struct Shared {
    pub settings: BrokerSettings,
    pub storage: Box<dyn Storage>,
    pub image: MetadataImage,
    pub out: Outbox,
    pub steady: Steady,
}

impl Shared {
    pub fn env(&mut self, now: Timestamp) -> Env<'_> {
        Env {
            now,
            clock: self.steady.clock(),
            storage: self.storage.as_mut(),
            brokers: self.image.brokers(),
            config: &self.settings.config,
            out: &mut self.out,
        }
    }
}

/// A broker.
///
/// * Every log on its disk is either in `unclaimed` (metadata has not named it yet) or in a replica.
/// * Every damaged log is in `damaged` until it is in a replica, which knows then.
/// * After a halt nothing happens any more, and before it only a note is written.
pub struct Broker {
    pub(super) shared: Shared,
    pub(super) replicas: BTreeMap<TopicPartition, Replica>,
    pub(super) unclaimed: BTreeMap<TopicPartition, Log>,
    pub(super) damaged: BTreeMap<TopicPartition, DamageNote>,
    pub(super) high_watermarks: BTreeMap<TopicPartition, Offset>,
    pub(super) lifecycle: Lifecycle,
    pub(super) catalog: Catalog,
    pub(super) peers: Peers,
    pub(super) produces: Produces,
    pub(super) fetches: Fetches,
    pub(super) fetchers: Fetchers,
    pub(super) flushes: Flushes,
    pub(super) retention: Retention,
    pub(super) producer_ids: ProducerIds,
    pub(super) effects: VecDeque<Effect>,
    pub(super) noting: Option<Noting>,
    pub(super) halted: bool,
}

impl Broker {
    /// Opens every log on the disk, recovering those that were not closed cleanly, and gets ready to register: as an
    /// unclean one if a log is damaged, because a broker that does not have what it had must not start as if it did.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn start(
        now: Timestamp,
        mut storage: Box<dyn Storage>,
        settings: BrokerSettings,
    ) -> Result<Broker, LogError> {
        let marker = take_clean_shutdown_marker(storage.as_mut())?;
        let opening = if marker.is_some() { Opening::Clean } else { Opening::Unclean };
        // Without them they begin at the log start, and rise again with the first answers of others.
        let high_watermarks =
            read_checkpoint(storage.as_ref(), HIGH_WATERMARK_CHECKPOINT)?.unwrap_or_default();
        let found = LogDirectory::open(storage.as_mut(), &settings.config, opening)?;
        let whole = found.damaged.is_empty();
        let previous_epoch = marker.filter(|_| whole).unwrap_or(BrokerEpoch::NONE);
        let mut flushes = Flushes::new(now, &settings.config);
        let opening_flush = flushes.begin_opening(found.notes());
        let mut effects: VecDeque<Effect> = found.events.into_iter().map(Effect::Observe).collect();
        effects.push_back(opening_flush);
        Ok(Broker {
            lifecycle: Lifecycle::new(previous_epoch),
            catalog: Catalog::new(now),
            peers: Peers::new(settings.id),
            produces: Produces::default(),
            fetches: Fetches::default(),
            fetchers: Fetchers::default(),
            flushes,
            retention: Retention::new(now, &settings.config, found.log_starts),
            producer_ids: ProducerIds::default(),
            shared: Shared {
                settings,
                storage,
                image: MetadataImage::default(),
                out: Outbox::default(),
                steady: Steady::new(now),
            },
            replicas: BTreeMap::new(),
            unclaimed: found.logs,
            damaged: found.damaged,
            high_watermarks,
            effects,
            noting: None,
            halted: false,
        })
    }

    /// This broker's id.
    pub fn id(&self) -> BrokerId {
        self.shared.settings.id
    }

    /// The epoch of its registration, once it has one.
    pub fn broker_epoch(&self) -> Option<BrokerEpoch> {
        self.lifecycle.broker_epoch()
    }

    /// Its replicas.
    pub fn replicas(&self) -> &BTreeMap<TopicPartition, Replica> {
        &self.replicas
    }

    /// Batches of one replica's log from `from` on, as many as one read gives; for whoever compares logs.
    ///
    /// # Errors
    /// If the log fails. `None` if there is no such replica.
    pub fn read_log(
        &self,
        topic_partition: &TopicPartition,
        from: Offset,
    ) -> Option<Result<Bytes, LogError>> {
        let log = self.replicas.get(topic_partition)?.log();
        Some(log.read(self.shared.storage.as_ref(), from, log.end_offset(), usize::MAX))
    }

    /// The replica of this topic partition here.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION if there is no such topic partition, NOT_LEADER_OR_FOLLOWER if it is elsewhere
    /// (`ReplicaManager.getPartitionOrError`).
    pub(super) fn replica_here(&self, topic_partition: &TopicPartition) -> Result<&Replica, ErrorCode> {
        if let Some(replica) = self.replicas.get(topic_partition) {
            return Ok(replica);
        }
        let image = &self.shared.image;
        let id = image.topic_id(&topic_partition.topic);
        match id.and_then(|id| image.partition(id, topic_partition.partition)) {
            Some(_) => Err(ErrorCode::NOT_LEADER_OR_FOLLOWER),
            None => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        }
    }

    pub(super) fn observe(&mut self, event: Event) {
        self.effects.push_back(Effect::Observe(event));
    }

    fn request(&mut self, now: Timestamp, connection: ConnectionId, frame: Bytes) {
        if self.lifecycle.is_stopping() {
            return self.effects.push_back(Effect::Close { connection });
        }
        let context = wire::peek_context(&frame);
        match wire::decode_request(frame) {
            Ok((context, request)) => self.route(now, connection, context, request),
            // KIP-511: whoever asks in an unknown version is told in version 0 what is spoken.
            Err(WireError::UnsupportedVersion { api: ApiKey::ApiVersions, .. }) => {
                let context = RequestContext { version: 0, ..context.expect("the version was read") };
                let body = ApiVersionsResponse::default()
                    .with_error_code(ErrorCode::UNSUPPORTED_VERSION.0)
                    .with_api_keys(super::queries::api_versions());
                self.respond(connection, context, &body);
            }
            Err(_) => self.effects.push_back(Effect::Close { connection }),
        }
    }

    fn route(&mut self, now: Timestamp, connection: ConnectionId, context: RequestContext, request: Request) {
        match request {
            Request::Produce(body) => self.produce(now, connection, context, body),
            Request::Fetch(body) => self.fetch(now, connection, context, &body),
            Request::ApiVersions(_) => {
                let body = ApiVersionsResponse::default().with_api_keys(super::queries::api_versions());
                self.respond(connection, context, &body);
            }
            Request::Metadata(body) => {
                let body = self.metadata(&body);
                self.respond(connection, context, &body);
            }
            Request::ListOffsets(body) => {
                let body = self.list_offsets(&body);
                self.respond(connection, context, &body);
            }
            Request::OffsetForLeaderEpoch(body) => {
                let body = self.offset_for_leader_epoch(&body);
                self.respond(connection, context, &body);
            }
            Request::InitProducerId(body) => self.init_producer_id(now, connection, context, &body),
            Request::BrokerRegistration(_)
            | Request::BrokerHeartbeat(_)
            | Request::AlterPartition(_)
            | Request::AllocateProducerIds(_)
            | Request::CreateTopics(_) => self.effects.push_back(Effect::Close { connection }),
        }
    }

    /// Answers a request.
    pub(super) fn respond<B: kafka_protocol::protocol::Encodable>(
        &mut self,
        connection: ConnectionId,
        context: RequestContext,
        body: &B,
    ) {
        let frame = Some(wire::encode_response(context, body));
        self.effects.push_back(Effect::Respond { connection, frame });
    }

    /// Turns what came of an input into effects, in an order that lets one follow from the other.
    fn settle(&mut self, now: Timestamp) {
        self.effects.extend(self.shared.out.events.drain(..).map(Effect::Observe));
        self.answer_produces();
        self.answer_fetches(now);
        if self.is_down() {
            return;
        }
        self.start_flushes();
        self.remove_obsolete_notes();
        if self.is_down() {
            return;
        }
        self.propose_isr_changes(now);
        self.fetch_from_leaders();
        self.ask_for_offsets();
        self.effects.extend(self.shared.out.events.drain(..).map(Effect::Observe));
    }

    fn tick(&mut self, now: Timestamp) {
        for replica in self.replicas.values_mut() {
            replica.tick(&mut self.shared.env(now));
        }
        self.tick_lifecycle(now);
        self.tick_catalog(now);
        self.tick_flushes(now);
        self.tick_retention(now);
        self.tick_producer_ids(now);
    }
}

impl Node for Broker {
    fn handle(&mut self, now: Timestamp, input: Input) {
        if self.noting.is_some() {
            return self.handle_while_noting(&input);
        }
        if self.halted {
            return;
        }
        let now = self.shared.steady.read(now);
        match input {
            Input::Tick => {}
            Input::Request { connection, frame } => self.request(now, connection, frame),
            Input::ConnectionClosed { connection } => {
                self.fetches.connection_closed(connection);
                self.produces.connection_closed(connection);
                self.producer_ids.connection_closed(connection);
            }
            // What comes now would be appended after the last flush has begun.
            Input::Response { .. } if self.lifecycle.is_stopping() => {}
            Input::Response { request, result } => self.peer_answered(now, request, result),
            Input::Flushed { flush, result } => self.flushed(now, flush, result),
            Input::Shutdown => self.shut_down(now),
            Input::Send(_) => unreachable!("a broker is no producer"),
        }
        if !self.is_down() {
            if !self.lifecycle.is_stopping() {
                self.tick(now);
            }
            self.settle(now);
        }
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        // While stopping only the last flush matters, and that ends by itself.
        if self.is_down() || self.lifecycle.is_stopping() {
            return None;
        }
        let replicas = self.replicas.values().filter_map(Replica::next_deadline).min();
        let deadlines = [
            self.lifecycle.next_deadline(),
            self.catalog.next_deadline(),
            self.fetches.next_deadline(),
            self.flushes.next_deadline(),
            Some(self.retention.next_deadline()),
            self.producer_ids.next_deadline(),
        ];
        let deadline = deadlines.into_iter().fold(replicas, earliest);
        deadline.map(|at| self.shared.steady.on_clock(at))
    }
}
