//! Every section and its own keys.

use broker_core::config::Scope;

use super::faults::{
    ALL_MAY_MISS, AT_MOST, EVERY, FAULT_NAME, KIND, MAY_MISS, START, STREAM, WHEN, fault_keys, nemesis_keys,
};
use super::form::Form;
use super::table::{Absent, Key, Section};

use Absent::{Default, Means, Refused};

/// Every section, in the order in which scenarios have them.
pub const SECTIONS: &[Section] = &[
    Section { keys: TOP, ..section("", "The file as a whole: what the story is called, and how it goes.") },
    Section { keys: CLUSTER, ..section("cluster", "The machines and the wires between them.") },
    Section {
        properties: Some(Scope::Broker),
        ..section(
            "broker",
            "Kafka's broker properties, the same for all brokers; names and units are Kafka's.",
        )
    },
    Section {
        many: true,
        needed: true,
        keys: TOPIC,
        properties: Some(Scope::Topic),
        ..section(
            "topic",
            "A topic, created before anything else happens. Kafka's topic properties may stand in it.",
        )
    },
    Section {
        many: true,
        needed: true,
        keys: PRODUCER,
        properties: Some(Scope::Producer),
        ..section("producer", "A client that writes. Kafka's producer properties may stand in it.")
    },
    Section {
        many: true,
        keys: CONSUMER,
        properties: Some(Scope::Consumer),
        ..section("consumer", "A client that reads. Kafka's consumer properties may stand in it.")
    },
    Section {
        many: true,
        keys: &[KIND, FAULT_NAME, START, WHEN, MAY_MISS, STREAM],
        of_kind: Some(fault_keys),
        ..section(
            "fault",
            "Something bad that happens once, when the scenario says so. If it changes nothing, the run is vacuous.",
        )
    },
    Section {
        many: true,
        keys: &[KIND, EVERY, AT_MOST, ALL_MAY_MISS],
        of_kind: Some(nemesis_keys),
        ..section(
            "nemesis",
            "Faults of one kind again and again, drawn from the seed, within `[limits]`. Each of them ends by itself.",
        )
    },
    Section {
        keys: LIMITS,
        ..section(
            "limits",
            "How far random faults may go: one that would go beyond is not begun. Scripted faults count, but are never \
             held back. Needs a `[[nemesis]]` or a `[swarm]`.",
        )
    },
    Section {
        keys: SWARM,
        ..section(
            "swarm",
            "Draws a whole configuration from the seed: what the file writes is the same for all seeds, what it leaves out \
             is drawn. With it, no other section is needed. Drawn are brokers, topics, partitions, replication factor and \
             min.insync.replicas; how logs are flushed and segments rolled; sessions, lags and timeouts; batches, linger and \
             requests in flight of producers; sizes and rates of records; latencies of network and disks, and how soon disks write back; and which kinds of \
             random faults are on, whom they hit, how often and how hard. Every value is in `run.json` and in \
             `scenario.resolved.toml`.",
        )
    },
    Section { keys: PHASES, ..section("phases", "How long each part of the run takes.") },
    Section {
        keys: EXPECT,
        ..section("expect", "What must come out; anything else ends with an exit code above 0.")
    },
];

/// A section with nothing in it, which may be left out.
const fn section(name: &'static str, doc: &'static str) -> Section {
    Section { name, many: false, needed: false, doc, keys: &[], properties: None, of_kind: None }
}

/// The section of this name.
pub fn named(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

const TOP: &[Key] = &[
    Key {
        name: "name",
        form: Form::FileName,
        absent: Refused,
        doc: "Short name; also the name of the file and of the directory of its reports.",
        example: "\"leader-killed\"",
    },
    Key {
        name: "story",
        form: Form::Text,
        absent: Means("it tells nothing"),
        doc: "What happens, and what is to be learnt from it.",
        example: "\"The leader dies under load; nothing is lost.\"",
    },
    Key {
        name: "seed",
        form: Form::Seed,
        absent: Means("the command line's, which is 1 if it does not say either"),
        doc: "The seed to run with if nobody names another.",
        example: "42",
    },
];

const CLUSTER: &[Key] = &[
    Key {
        name: "brokers",
        form: Form::Whole { min: 1, max: 9 },
        absent: Default("3"),
        doc: "How many brokers there are; their ids begin at 1. The controller is a machine of its own.",
        example: "3",
    },
    Key {
        name: "time_scale",
        form: Form::Word(&["compressed", "kafka"]),
        absent: Default("\"compressed\""),
        doc: "Whether Kafka's default times are divided by 20 or kept. Times that are written are never changed.",
        example: "\"compressed\"",
    },
    Key {
        name: "network.latency",
        form: Form::Durations,
        absent: Default("\"1ms..3ms\""),
        doc: "How long a message is on its way, drawn for each. Whole milliseconds, at least one: the simulated network \
              resolves no less.",
        example: "\"1ms..3ms\"",
    },
    Key {
        name: "disk.fsync.latency",
        form: Form::Durations,
        absent: Default("\"1ms..4ms\""),
        doc: "How long an fsync takes, drawn for each.",
        example: "\"500us..4ms\"",
    },
    Key {
        name: "disk.read.latency",
        form: Form::Durations,
        absent: Default("\"0s\""),
        doc: "How long a read of what is not in the page cache takes, drawn for each.",
        example: "\"100us..1ms\"",
    },
    Key {
        name: "disk.append.latency",
        form: Form::Durations,
        absent: Default("\"0s\""),
        doc: "How long an append takes, drawn for each.",
        example: "\"10us..50us\"",
    },
    Key {
        name: "disk.write.back.after",
        form: Form::Duration,
        absent: Means("only flushes reach the platter, so that a loss of power takes as much as it can"),
        doc: "When what was appended reaches the platter although nobody flushed it. Linux's dirty_expire_centisecs, which \
              is 30s.",
        example: "\"30s\"",
    },
];

const TOPIC: &[Key] = &[
    Key {
        name: "name",
        form: Form::TopicName,
        absent: Refused,
        doc: "The topic's name; unique. Names that begin with `__` are Kafka's own.",
        example: "\"orders\"",
    },
    Key {
        name: "partitions",
        form: Form::Whole { min: 1, max: 1000 },
        absent: Default("1"),
        doc: "How many partitions it has, numbered from 0.",
        example: "2",
    },
    Key {
        name: "replication.factor",
        form: Form::Whole { min: 1, max: 9 },
        absent: Means("3, or the number of brokers if that is less"),
        doc: "How many brokers have a copy of each partition; not above the number of brokers.",
        example: "3",
    },
];

const TOPICS: Key = Key {
    name: "topics",
    form: Form::Topics,
    absent: Refused,
    doc: "The topics it writes to or reads from; all partitions of each.",
    example: "[\"orders\"]",
};

const PRODUCER: &[Key] = &[
    TOPICS,
    Key {
        name: "records",
        form: Form::Whole { min: 1, max: i64::MAX },
        absent: Default("400"),
        doc: "How many records it sends.",
        example: "800",
    },
    Key {
        name: "rate",
        form: Form::Rate,
        absent: Default("\"100/s\""),
        doc: "How many it sends per second or minute; at most 1000000/s.",
        example: "\"200/s\"",
    },
    Key {
        name: "record.bytes",
        form: Form::Whole { min: 16, max: 1_000_000 },
        absent: Default("64"),
        doc: "Size of a record's value.",
        example: "1000",
    },
];

const CONSUMER: &[Key] = &[TOPICS];

const LIMITS: &[Key] = &[
    Key {
        name: "contract",
        form: Form::Word(&["within", "beyond"]),
        absent: Default("\"within\""),
        doc: "`within`: only what the settings promise to survive, so one broker may be down at a time, and fewer may lose \
              what was not durable than the smallest min.insync.replicas, or none without eligible leader replicas. \
              `beyond`: no limit at all. This is about what faults may do; whether a violation breaks a promise is \
              found out from what they did, and `contract` in `[expect]` says what is expected of it.",
        example: "\"within\"",
    },
    Key {
        name: "brokers_down",
        form: Form::Whole { min: 0, max: i64::MAX },
        absent: Means("1 within the contract, any number beyond it"),
        doc: "So many brokers at most are dead, without power, paused, halted by their disks or waiting for a stalled one at a time.",
        example: "1",
    },
    Key {
        name: "lossy_crashes",
        form: Form::Whole { min: 0, max: i64::MAX },
        absent: Means(
            "the smallest min.insync.replicas less 1 within the contract, or 0 without eligible leader replicas; any number beyond it",
        ),
        doc: "So many brokers at most may have lost what was not durable (`power_loss`, `wipe`, `fsync_error`, `fsync_lie`) and are not whole again, which is when the process that runs now is in every ISR; or have a rotten copy (`bit_rot`), which counts until the run ends, because it looks whole. While there is one, brokers that were merely killed count too: nobody can tell them apart.",
        example: "1",
    },
];

const SWARM: &[Key] = &[
    Key {
        name: "brokers",
        form: Form::Wholes { min: 1, max: 9 },
        absent: Default("\"3..7\""),
        doc: "How many brokers there may be. Not beside `brokers` of `[cluster]`.",
        example: "\"3..5\"",
    },
    Key {
        name: "partitions",
        form: Form::Wholes { min: 1, max: 100 },
        absent: Default("\"1..4\""),
        doc: "How many partitions a topic may have. Not beside a `[[topic]]`.",
        example: "\"1..2\"",
    },
    Key {
        name: "kinds",
        form: Form::Kinds,
        absent: Means("all of them"),
        doc: "Kinds of random faults that may happen, each in half of all seeds; a seed that would leave out all of them draws one. Not beside a `[[nemesis]]`.",
        example: "[\"kill\", \"partition\"]",
    },
    Key {
        name: "contract",
        form: Form::Word(&["within", "beyond"]),
        absent: Default("\"within\""),
        doc: "How far random faults may go, as in `[limits]`. Not beside it.",
        example: "\"within\"",
    },
    Key {
        name: "settings",
        form: Form::Word(&["safe", "any"]),
        absent: Default("\"safe\""),
        doc: "`safe`: only settings with which Kafka promises that nothing acknowledged is lost or written twice, so that \
              every violation is a bug. `any`: also those that promise less.",
        example: "\"safe\"",
    },
];

const PHASES: &[Key] = &[
    Key {
        name: "warmup",
        form: Form::Duration,
        absent: Default("\"10s\""),
        doc: "How long the cluster may take at most until it serves; it goes on as soon as it does.",
        example: "\"10s\"",
    },
    Key {
        name: "faults",
        form: Form::Duration,
        absent: Default("\"10s\""),
        doc: "How long producers write and faults may happen. Then everything is healed.",
        example: "\"6s\"",
    },
    Key {
        name: "liveness",
        form: Form::Duration,
        absent: Default("\"20s\""),
        doc: "How long the healed cluster may take at most to serve everybody, with full ISRs and equal replicas.",
        example: "\"10s\"",
    },
];

const EXPECT: &[Key] = &[
    Key {
        name: "verdict",
        form: Form::Word(&["pass", "vacuous", "liveness"]),
        absent: Means("`pass`, unless `violation` is written"),
        doc: "What the run must come to, if not to a violation.",
        example: "\"pass\"",
    },
    Key {
        name: "violation",
        form: Form::Anomalies,
        absent: Means("none is expected"),
        doc: "These anomalies and no others, and at least one of them. Not beside `verdict`.",
        example: "\"lost-write\"",
    },
    Key {
        name: "may_violate",
        form: Form::Anomalies,
        absent: Means("it must not"),
        doc: "Pass, or these anomalies and no others: for random faults beyond the contract, which hit hard enough or not. Not beside `violation`.",
        example: "\"lost-write\"",
    },
    Key {
        name: "contract",
        form: Form::Word(&["within", "beyond"]),
        absent: Default("\"beyond\""),
        doc: "On which side of what the settings promise an expected violation is, as the harness finds out from what the faults really did. `beyond`: expected physics, and one that breaks a promise is a surprise. `within`: a bug, at least one. Only beside `violation` or `may_violate`; how far random faults may go is another matter, said by `contract` in `[limits]`.",
        example: "\"within\"",
    },
    Key {
        name: "unavailable_at_least",
        form: Form::Duration,
        absent: Means("nobody measures"),
        doc: "Some topic partition must have refused writes for this long.",
        example: "\"1s\"",
    },
    Key {
        name: "indeterminate_at_most",
        form: Form::Whole { min: 0, max: i64::MAX },
        absent: Means("any number"),
        doc: "So many sends may end without anybody knowing what became of them.",
        example: "0",
    },
    Key {
        name: "deleted_at_least",
        form: Form::Whole { min: 0, max: i64::MAX },
        absent: Means("nobody counts"),
        doc: "Retention must have deleted so many acknowledged records.",
        example: "10",
    },
];
