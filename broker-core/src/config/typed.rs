//! The settings in force, as values the state machines read.

use std::time::Duration;

use super::{ConfigError, Properties, Scope, TimeScale, Value};

/// Reads properties of one scope with defaults filled in.
struct Reader<'a> {
    properties: &'a Properties,
    scale: TimeScale,
}

impl<'a> Reader<'a> {
    fn new(properties: &'a Properties, scope: Scope, scale: TimeScale) -> Self {
        assert_eq!(properties.scope, scope, "properties of another scope");
        Reader { properties, scale }
    }

    fn int_opt(&self, name: &str) -> Option<i64> {
        match self.properties.effective(name, self.scale)? {
            Value::Int(number) => Some(number),
            other => panic!("{name} is {other:?}, not a number"),
        }
    }

    fn int(&self, name: &str) -> i64 {
        self.int_opt(name).unwrap_or_else(|| panic!("{name} has no default"))
    }

    fn size(&self, name: &str) -> usize {
        usize::try_from(self.int(name)).expect("the table's bounds exclude negative sizes")
    }

    fn millis_opt(&self, name: &str) -> Option<Duration> {
        let millis = self.int_opt(name)?;
        Some(Duration::from_millis(u64::try_from(millis).expect("the table's bounds exclude negative times")))
    }

    fn millis(&self, name: &str) -> Duration {
        self.millis_opt(name).unwrap_or_else(|| panic!("{name} has no default"))
    }

    fn flag_opt(&self, name: &str) -> Option<bool> {
        match self.properties.effective(name, self.scale)? {
            Value::Bool(flag) => Some(flag),
            other => panic!("{name} is {other:?}, not a flag"),
        }
    }

    fn flag(&self, name: &str) -> bool {
        self.flag_opt(name).unwrap_or_else(|| panic!("{name} has no default"))
    }
}

/// When a log is flushed, beside segment roll and clean shutdown.
///
/// All may be set: then all are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FlushPolicy {
    /// Flush inside the append that brings this many unflushed records together; no append counts towards
    /// replication while such a flush is under way. 1 is the policy `sync`.
    pub interval_messages: Option<i64>,
    /// Flush when the last flush is this long ago and the scheduler looks.
    pub interval: Option<Duration>,
    /// Flush whenever anything is unflushed, and acknowledge nothing that is not flushed. Not Kafka's.
    pub group_commit: bool,
}

/// Settings of one topic, with the broker's defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicConfig {
    /// `min.insync.replicas`.
    pub min_insync_replicas: usize,
    /// `unclean.leader.election.enable`.
    pub unclean_leader_election: bool,
    /// `flush.messages`, `flush.ms`, `flush.group.commit.enable`.
    pub flush: FlushPolicy,
    /// `segment.bytes`.
    pub segment_bytes: u64,
    /// `retention.bytes`; `None` keeps everything.
    pub retention_bytes: Option<u64>,
}

impl TopicConfig {
    /// The settings in force for a topic on a broker with these defaults.
    pub fn new(topic: &Properties, broker: &BrokerConfig) -> TopicConfig {
        let read = Reader::new(topic, Scope::Topic, broker.time_scale);
        let default = &broker.topic_defaults;
        let min_insync = read.int_opt("min.insync.replicas").and_then(|number| usize::try_from(number).ok());
        TopicConfig {
            min_insync_replicas: min_insync.unwrap_or(default.min_insync_replicas),
            unclean_leader_election: read
                .flag_opt("unclean.leader.election.enable")
                .unwrap_or(default.unclean_leader_election),
            flush: FlushPolicy {
                interval_messages: read.int_opt("flush.messages").or(default.flush.interval_messages),
                interval: read.millis_opt("flush.ms").or(default.flush.interval),
                group_commit: read
                    .flag_opt("flush.group.commit.enable")
                    .unwrap_or(default.flush.group_commit),
            },
            segment_bytes: read
                .int_opt("segment.bytes")
                .map_or(default.segment_bytes, |bytes| u64::try_from(bytes).expect("bounded by the table")),
            retention_bytes: read.int_opt("retention.bytes").map_or(default.retention_bytes, unless_negative),
        }
    }
}

/// Settings of a broker (and of the controller, which reads a few of them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerConfig {
    /// What default times were divided by; topics and clients of the same cluster use it too.
    pub time_scale: TimeScale,
    /// `broker.heartbeat.interval.ms`.
    pub heartbeat_interval: Duration,
    /// `broker.session.timeout.ms`.
    pub session_timeout: Duration,
    /// `eligible.leader.replicas.enable`.
    pub eligible_leader_replicas: bool,
    /// `log.flush.scheduler.interval.ms`.
    pub flush_scheduler_interval: Option<Duration>,
    /// `log.initial.task.delay.ms`.
    pub initial_task_delay: Duration,
    /// `log.flush.offset.checkpoint.interval.ms`.
    pub recovery_point_checkpoint_interval: Duration,
    /// `replica.high.watermark.checkpoint.interval.ms`.
    pub high_watermark_checkpoint_interval: Duration,
    /// `log.flush.start.offset.checkpoint.interval.ms`.
    pub start_offset_checkpoint_interval: Duration,
    /// `log.retention.check.interval.ms`.
    pub retention_check_interval: Duration,
    /// `producer.id.expiration.ms`.
    pub producer_id_expiration: Duration,
    /// `producer.id.expiration.check.interval.ms`.
    pub producer_id_expiration_check_interval: Duration,
    /// `metadata.log.max.record.bytes.between.snapshots`.
    pub metadata_bytes_between_snapshots: u64,
    /// `replica.lag.time.max.ms`.
    pub replica_lag_time_max: Duration,
    /// `replica.fetch.wait.max.ms`.
    pub replica_fetch_wait_max: Duration,
    /// `replica.fetch.backoff.ms`.
    pub replica_fetch_backoff: Duration,
    /// `replica.fetch.max.bytes`.
    pub replica_fetch_max_bytes: usize,
    /// `replica.socket.timeout.ms`.
    pub replica_socket_timeout: Duration,
    /// `controller.socket.timeout.ms`.
    pub controller_socket_timeout: Duration,
    /// What a topic gets that sets nothing itself.
    pub topic_defaults: TopicConfig,
}

impl BrokerConfig {
    /// The settings in force for a broker with these properties.
    pub fn new(properties: &Properties, time_scale: TimeScale) -> BrokerConfig {
        let read = Reader::new(properties, Scope::Broker, time_scale);
        let flush_scheduler_interval = read.millis_opt("log.flush.scheduler.interval.ms");
        BrokerConfig {
            time_scale,
            heartbeat_interval: read.millis("broker.heartbeat.interval.ms"),
            session_timeout: read.millis("broker.session.timeout.ms"),
            eligible_leader_replicas: read.flag("eligible.leader.replicas.enable"),
            flush_scheduler_interval,
            initial_task_delay: read.millis("log.initial.task.delay.ms"),
            recovery_point_checkpoint_interval: read.millis("log.flush.offset.checkpoint.interval.ms"),
            high_watermark_checkpoint_interval: read.millis("replica.high.watermark.checkpoint.interval.ms"),
            start_offset_checkpoint_interval: read.millis("log.flush.start.offset.checkpoint.interval.ms"),
            retention_check_interval: read.millis("log.retention.check.interval.ms"),
            producer_id_expiration: read.millis("producer.id.expiration.ms"),
            producer_id_expiration_check_interval: read.millis("producer.id.expiration.check.interval.ms"),
            metadata_bytes_between_snapshots: u64::try_from(
                read.int("metadata.log.max.record.bytes.between.snapshots"),
            )
            .expect("bounded by the table"),
            replica_lag_time_max: read.millis("replica.lag.time.max.ms"),
            replica_fetch_wait_max: read.millis("replica.fetch.wait.max.ms"),
            replica_fetch_backoff: read.millis("replica.fetch.backoff.ms"),
            replica_fetch_max_bytes: read.size("replica.fetch.max.bytes"),
            replica_socket_timeout: read.millis("replica.socket.timeout.ms"),
            controller_socket_timeout: read.millis("controller.socket.timeout.ms"),
            topic_defaults: TopicConfig {
                min_insync_replicas: read.size("min.insync.replicas"),
                unclean_leader_election: read.flag("unclean.leader.election.enable"),
                flush: FlushPolicy {
                    interval_messages: read.int_opt("log.flush.interval.messages"),
                    interval: read.millis_opt("log.flush.interval.ms").or(flush_scheduler_interval),
                    group_commit: read.flag("log.flush.group.commit.enable"),
                },
                segment_bytes: u64::try_from(read.int("log.segment.bytes")).expect("bounded by the table"),
                retention_bytes: unless_negative(read.int("log.retention.bytes")),
            },
        }
    }
}

/// A limit, or none: what Kafka says with -1.
fn unless_negative(limit: i64) -> Option<u64> {
    u64::try_from(limit).ok()
}

/// Who must have a record before the broker acknowledges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Acks {
    /// Nobody: the broker does not even answer.
    None,
    /// The leader.
    Leader,
    /// Every member of the in-sync replicas.
    All,
}

impl Acks {
    /// As the wire writes it.
    pub fn to_wire(self) -> i16 {
        match self {
            Acks::None => 0,
            Acks::Leader => 1,
            Acks::All => -1,
        }
    }

    /// From what the wire says; `None` is INVALID_REQUIRED_ACKS.
    pub fn from_wire(acks: i16) -> Option<Acks> {
        match acks {
            0 => Some(Acks::None),
            1 => Some(Acks::Leader),
            -1 => Some(Acks::All),
            _ => None,
        }
    }
}

/// Settings of a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerConfig {
    /// `acks`.
    pub acks: Acks,
    /// `enable.idempotence`; off by itself where acks or retries exclude it and nobody asked for it.
    pub idempotence: bool,
    /// `batch.size`, bytes.
    pub batch_size: usize,
    /// `linger.ms`.
    pub linger: Duration,
    /// `max.in.flight.requests.per.connection`.
    pub max_in_flight: usize,
    /// `max.request.size`, bytes.
    pub max_request_size: usize,
    /// `retries`.
    pub retries: u32,
    /// `retry.backoff.ms`.
    pub retry_backoff: Duration,
    /// `retry.backoff.max.ms`.
    pub retry_backoff_max: Duration,
    /// `reconnect.backoff.ms`.
    pub reconnect_backoff: Duration,
    /// `request.timeout.ms`.
    pub request_timeout: Duration,
    /// `delivery.timeout.ms`.
    pub delivery_timeout: Duration,
    /// `metadata.max.age.ms`.
    pub metadata_max_age: Duration,
}

impl ProducerConfig {
    /// The settings in force for a producer with these properties.
    ///
    /// # Errors
    /// For what Kafka's `ProducerConfig` refuses since 4.0: idempotence asked for together with acks other than all or no
    /// retries; more than five requests in flight unless idempotence is switched off; a delivery timeout shorter than
    /// linger and request timeout together.
    pub fn new(properties: &Properties, time_scale: TimeScale) -> Result<ProducerConfig, ConfigError> {
        let read = Reader::new(properties, Scope::Producer, time_scale);
        let acks = match properties.effective("acks", time_scale) {
            Some(Value::Word("0")) => Acks::None,
            Some(Value::Word("1")) => Acks::Leader,
            _ => Acks::All,
        };
        let config = ProducerConfig {
            acks,
            idempotence: read.flag("enable.idempotence"),
            batch_size: read.size("batch.size"),
            linger: read.millis("linger.ms"),
            max_in_flight: read.size("max.in.flight.requests.per.connection"),
            max_request_size: read.size("max.request.size"),
            retries: u32::try_from(read.int("retries")).expect("bounded by the table"),
            retry_backoff: read.millis("retry.backoff.ms"),
            retry_backoff_max: read.millis("retry.backoff.max.ms"),
            reconnect_backoff: read.millis("reconnect.backoff.ms"),
            request_timeout: read.millis("request.timeout.ms"),
            delivery_timeout: read.millis("delivery.timeout.ms"),
            metadata_max_age: read.millis("metadata.max.age.ms"),
        };
        config.check(properties)
    }

    fn check(mut self, properties: &Properties) -> Result<ProducerConfig, ConfigError> {
        const IN_FLIGHT_MAX: usize = 5;
        // Also where acks or retries switch it off: before Kafka 4.0 this switched it off too, and nobody noticed.
        if self.idempotence && IN_FLIGHT_MAX < self.max_in_flight {
            let text =
                "max.in.flight.requests.per.connection must be at most 5 unless enable.idempotence = false";
            return Err(ConfigError::Contradiction(text.to_owned()));
        }
        let excluded = [
            (self.acks != Acks::All).then_some("acks = \"all\""),
            (self.retries == 0).then_some("retries above 0"),
        ];
        if let Some(needed) = excluded.into_iter().flatten().next()
            && self.idempotence
        {
            if properties.explicit("enable.idempotence").is_some() {
                let text = format!("enable.idempotence needs {needed}");
                return Err(ConfigError::Contradiction(text));
            }
            // As Kafka's `postProcessAndValidateIdempotenceConfigs` does when nobody asked for idempotence.
            self.idempotence = false;
        }
        if self.delivery_timeout < self.linger + self.request_timeout {
            if properties.explicit("delivery.timeout.ms").is_some() {
                let text = "delivery.timeout.ms must be at least linger.ms + request.timeout.ms".to_owned();
                return Err(ConfigError::Contradiction(text));
            }
            self.delivery_timeout = self.linger + self.request_timeout;
        }
        Ok(self)
    }
}

/// Settings of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerConfig {
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: usize,
    /// `fetch.max.wait.ms`.
    pub fetch_max_wait: Duration,
    /// `max.partition.fetch.bytes`.
    pub max_partition_fetch_bytes: usize,
    /// `metadata.max.age.ms`.
    pub metadata_max_age: Duration,
    /// `request.timeout.ms`.
    pub request_timeout: Duration,
    /// `retry.backoff.ms`.
    pub retry_backoff: Duration,
}

impl ConsumerConfig {
    /// The settings in force for a consumer with these properties.
    pub fn new(properties: &Properties, time_scale: TimeScale) -> ConsumerConfig {
        let read = Reader::new(properties, Scope::Consumer, time_scale);
        ConsumerConfig {
            fetch_max_bytes: read.size("fetch.max.bytes"),
            fetch_max_wait: read.millis("fetch.max.wait.ms"),
            max_partition_fetch_bytes: read.size("max.partition.fetch.bytes"),
            metadata_max_age: read.millis("metadata.max.age.ms"),
            request_timeout: read.millis("request.timeout.ms"),
            retry_backoff: read.millis("retry.backoff.ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::RawValue;
    use super::*;

    fn producer(settings: &[(&str, RawValue<'_>)]) -> Result<ProducerConfig, ConfigError> {
        let mut properties = Properties::new(Scope::Producer);
        for (name, value) in settings {
            properties.set(name, *value).unwrap();
        }
        ProducerConfig::new(&properties, TimeScale::Kafka)
    }

    #[test]
    fn idempotence_gives_way_to_acks_unless_it_was_asked_for() {
        assert!(producer(&[]).unwrap().idempotence);
        assert!(!producer(&[("acks", RawValue::Int(1))]).unwrap().idempotence);
        let both = [("acks", RawValue::Text("1")), ("enable.idempotence", RawValue::Bool(true))];
        assert_eq!(producer(&both).unwrap_err().to_string(), "enable.idempotence needs acks = \"all\"");
    }

    #[test]
    fn more_than_five_requests_in_flight_need_idempotence_switched_off_and_never_switch_it_off_themselves() {
        let six = ("max.in.flight.requests.per.connection", RawValue::Int(6));
        for others in
            [vec![], vec![("enable.idempotence", RawValue::Bool(true))], vec![("acks", RawValue::Int(1))]]
        {
            let error = producer(&[&[six], &others[..]].concat()).unwrap_err().to_string();
            assert!(error.starts_with("max.in.flight.requests.per.connection must be at most 5"), "{error}");
        }
        let off = producer(&[six, ("enable.idempotence", RawValue::Bool(false))]).unwrap();
        assert_eq!((off.max_in_flight, off.idempotence), (6, false));
    }

    #[test]
    fn flush_ms_falls_back_to_the_scheduler_interval() {
        let mut properties = Properties::new(Scope::Broker);
        properties.set("log.flush.scheduler.interval.ms", RawValue::Int(100)).unwrap();
        let broker = BrokerConfig::new(&properties, TimeScale::Compressed);
        let topic = TopicConfig::new(&Properties::new(Scope::Topic), &broker);
        assert_eq!(topic.flush.interval, Some(Duration::from_millis(100)));
        assert_eq!(topic.flush.interval_messages, None);
    }
}
