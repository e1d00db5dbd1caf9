//! The table of properties. Defaults are Kafka 4.0's, read from `ReplicationConfigs`, `ServerLogConfigs`,
//! `LogConfig`, `ProducerConfig` and `ConsumerConfig`.

use super::{Kind, Property, Scope, Value};

const MAX_INT: i64 = i32::MAX as i64;

const fn millis(name: &'static str, scope: Scope, default: Option<i64>, doc: &'static str) -> Property {
    let default = match default {
        Some(millis) => Some(Value::Int(millis)),
        None => None,
    };
    Property { name, scope, kind: Kind::Millis { min: 0, max: i64::MAX }, default, doc }
}

const fn int(
    name: &'static str,
    scope: Scope,
    (min, max): (i64, i64),
    default: Option<i64>,
    doc: &'static str,
) -> Property {
    let default = match default {
        Some(number) => Some(Value::Int(number)),
        None => None,
    };
    Property { name, scope, kind: Kind::Int { min, max }, default, doc }
}

const fn flag(name: &'static str, scope: Scope, default: bool, doc: &'static str) -> Property {
    Property { name, scope, kind: Kind::Bool, default: Some(Value::Bool(default)), doc }
}

use Scope::{Broker, Consumer, Producer, Topic};

/// Every property this broker and its clients know, by scope and name.
pub const PROPERTIES: &[Property] = &[
    millis(
        "broker.heartbeat.interval.ms",
        Broker,
        Some(2_000),
        "How often a broker tells the controller that it lives.",
    ),
    millis(
        "broker.session.timeout.ms",
        Broker,
        Some(9_000),
        "A broker that was silent for this long is fenced: it leads nothing and is in no ISR (unless it is the last).",
    ),
    millis(
        "controller.socket.timeout.ms",
        Broker,
        Some(30_000),
        "How long a broker waits for the controller's answer before it reconnects.",
    ),
    flag(
        "eligible.leader.replicas.enable",
        Broker,
        true,
        "Whether the controller remembers who left an ISR below min.insync.replicas and may lead without loss (KIP-966). \
         In Kafka a feature of the cluster, on for new ones from 4.1.",
    ),
    flag(
        "log.flush.group.commit.enable",
        Broker,
        false,
        "Not Kafka's. A log is flushed as soon as anything in it is unflushed, one flush after the other, and the leader \
         answers acks=1 and acks=all only once its own log is flushed past the batch. Appends, replication and the high \
         watermark do not wait for it, and one flush serves every batch that came meanwhile; consumers may read what no \
         disk has yet. An acknowledged record is \
         on the leader's disk; on the others it is durable only one flush later. So one copy, or a power loss of everybody \
         whose leader comes back and leads again, is survived; the leader's disk lost together with the power of all \
         others is not. log.flush.interval.messages = 1 promises more, the disks of the whole ISR, and holds \
         replication back for it.",
    ),
    int(
        "log.flush.interval.messages",
        Broker,
        (1, i64::MAX),
        None,
        "Flush a log inside the append that brings this many unflushed records together; 1 flushes every append before \
         it counts. Unset: never.",
    ),
    millis(
        "log.flush.interval.ms",
        Broker,
        None,
        "A record may stay unflushed for this long, as far as the scheduler looks: without \
         log.flush.scheduler.interval.ms it looks once, log.initial.task.delay.ms after the start, and never again. \
         Unset: the scheduler's interval.",
    ),
    millis(
        "log.flush.offset.checkpoint.interval.ms",
        Broker,
        Some(60_000),
        "How often the recovery points of all logs are written to their checkpoint file.",
    ),
    millis(
        "log.flush.scheduler.interval.ms",
        Broker,
        None,
        "How often the flush scheduler looks for logs that are due. Unset: never after its first look.",
    ),
    millis(
        "log.initial.task.delay.ms",
        Broker,
        Some(30_000),
        "How long after the start of a broker the tasks of its logs (flush scheduler, checkpoints, retention) begin.",
    ),
    millis(
        "log.flush.start.offset.checkpoint.interval.ms",
        Broker,
        Some(60_000),
        "How often log start offsets are written to their checkpoint file.",
    ),
    int(
        "log.retention.bytes",
        Broker,
        (-1, i64::MAX),
        Some(-1),
        "A log's oldest segments are deleted as long as at least this many bytes stay; -1 keeps everything.",
    ),
    Property {
        name: "log.retention.check.interval.ms",
        scope: Broker,
        kind: Kind::Millis { min: 1, max: i64::MAX },
        default: Some(Value::Int(300_000)),
        doc: "How often the broker looks for segments that may be deleted.",
    },
    int(
        "log.segment.bytes",
        Broker,
        (14, MAX_INT),
        Some(1 << 30),
        "A segment is rolled before it grows beyond this size.",
    ),
    int(
        "metadata.log.max.record.bytes.between.snapshots",
        Broker,
        (1, i64::MAX),
        Some(20 << 20),
        "How many bytes of metadata records the controller writes at most before it writes a snapshot (KIP-630).",
    ),
    int(
        "min.insync.replicas",
        Broker,
        (1, MAX_INT),
        Some(1),
        "Default of the topic property of the same name.",
    ),
    Property {
        name: "producer.id.expiration.check.interval.ms",
        scope: Broker,
        kind: Kind::Millis { min: 1, max: i64::MAX },
        default: Some(Value::Int(600_000)),
        doc: "How often the broker looks for producer ids to forget.",
    },
    Property {
        name: "producer.id.expiration.ms",
        scope: Broker,
        kind: Kind::Millis { min: 1, max: i64::MAX },
        default: Some(Value::Int(86_400_000)),
        doc: "A producer id that has written nothing for this long is forgotten, and its retries with it.",
    },
    int(
        "replica.fetch.max.bytes",
        Broker,
        (0, MAX_INT),
        Some(1 << 20),
        "How many bytes of one topic partition a follower asks for at most; the first batch comes whole anyway.",
    ),
    millis(
        "replica.fetch.wait.max.ms",
        Broker,
        Some(500),
        "How long a leader may hold a follower's fetch when there is nothing new.",
    ),
    millis(
        "replica.fetch.backoff.ms",
        Broker,
        Some(1_000),
        "How long a follower waits after a failed fetch.",
    ),
    millis(
        "replica.high.watermark.checkpoint.interval.ms",
        Broker,
        Some(5_000),
        "How often high watermarks are written to their checkpoint file.",
    ),
    millis(
        "replica.lag.time.max.ms",
        Broker,
        Some(30_000),
        "A follower that did not reach the leader's end for this long leaves the ISR.",
    ),
    millis(
        "replica.socket.timeout.ms",
        Broker,
        Some(30_000),
        "How long a follower waits for the answer to a fetch before it reconnects.",
    ),
    flag(
        "unclean.leader.election.enable",
        Broker,
        false,
        "Whether a replica outside the ISR may lead when no member of the ISR lives. It loses what it does not have.",
    ),
    flag_unset("flush.group.commit.enable", "Topic's own log.flush.group.commit.enable. Not Kafka's."),
    int("flush.messages", Topic, (1, i64::MAX), None, "Topic's own log.flush.interval.messages."),
    millis("flush.ms", Topic, None, "Topic's own log.flush.interval.ms."),
    int(
        "min.insync.replicas",
        Topic,
        (1, MAX_INT),
        None,
        "With acks=all, a write is refused while the ISR has fewer members than this. Unset: the broker's default.",
    ),
    int("retention.bytes", Topic, (-1, i64::MAX), None, "Topic's own log.retention.bytes."),
    int("segment.bytes", Topic, (14, MAX_INT), None, "Topic's own log.segment.bytes."),
    flag_unset("unclean.leader.election.enable", "Topic's own unclean.leader.election.enable."),
    Property {
        name: "acks",
        scope: Producer,
        kind: Kind::Choice(&["all", "-1", "1", "0"]),
        default: Some(Value::Word("all")),
        doc: "Who must have a record before the broker says so: all members of the ISR, the leader, or nobody.",
    },
    int(
        "batch.size",
        Producer,
        (0, MAX_INT),
        Some(16_384),
        "A batch is closed before it grows beyond this many bytes.",
    ),
    millis(
        "delivery.timeout.ms",
        Producer,
        Some(120_000),
        "A send that has no answer after this long, retries included, fails for the application.",
    ),
    flag(
        "enable.idempotence",
        Producer,
        true,
        "Whether batches carry a producer id and sequence, so that a retry is not written twice.",
    ),
    millis("linger.ms", Producer, Some(0), "How long a batch waits for more records before it is sent."),
    int(
        "max.in.flight.requests.per.connection",
        Producer,
        (1, MAX_INT),
        Some(5),
        "How many produce requests may be unanswered per broker. With idempotence at most 5.",
    ),
    int(
        "max.request.size",
        Producer,
        (0, MAX_INT),
        Some(1 << 20),
        "A larger record is refused before it is sent.",
    ),
    millis("metadata.max.age.ms", Producer, Some(300_000), "Metadata is refreshed at least this often."),
    millis(
        "reconnect.backoff.ms",
        Producer,
        Some(50),
        "Pause before connecting again to a broker that could not be reached.",
    ),
    millis(
        "request.timeout.ms",
        Producer,
        Some(30_000),
        "A request without an answer for this long is given up, its connection closed, and the batch retried.",
    ),
    int(
        "retries",
        Producer,
        (0, MAX_INT),
        Some(MAX_INT),
        "How often a batch is retried before its sends fail.",
    ),
    millis("retry.backoff.ms", Producer, Some(100), "Pause before the first retry; doubles with each."),
    millis("retry.backoff.max.ms", Producer, Some(1_000), "Longest pause before a retry."),
    int("fetch.max.bytes", Consumer, (0, MAX_INT), Some(50 << 20), "How many bytes one fetch may return."),
    millis(
        "fetch.max.wait.ms",
        Consumer,
        Some(500),
        "How long a leader may hold a fetch when there is nothing new.",
    ),
    int(
        "max.partition.fetch.bytes",
        Consumer,
        (0, MAX_INT),
        Some(1 << 20),
        "How many bytes of one topic partition a fetch may return; the first batch comes whole anyway.",
    ),
    millis("metadata.max.age.ms", Consumer, Some(300_000), "Metadata is refreshed at least this often."),
    millis(
        "request.timeout.ms",
        Consumer,
        Some(30_000),
        "A request without an answer for this long is given up and its connection closed.",
    ),
    millis("retry.backoff.ms", Consumer, Some(100), "Pause before a failed request is tried again."),
];

const fn flag_unset(name: &'static str, doc: &'static str) -> Property {
    Property { name, scope: Topic, kind: Kind::Bool, default: None, doc }
}
