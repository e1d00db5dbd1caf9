//! What may be drawn. Each table is a list of keys, and for each key what it may be, all equally likely; a choice that
//! stands twice is twice as likely, and [`DEFAULT`] leaves the key out.
//!
//! The bounds keep a healthy cluster healthy: every combination must serve, agree and finish when nothing happens to it.
//! Otherwise a run fails because of what was drawn and not because of what the broker did. Hence the session is at least
//! three heartbeats, and every timeout is a multiple of the slowest way there and back (20 ms). Nobody sends more than
//! the cluster can take: where it can take one batch per way there and back, or one per flush, a producer's queue would
//! only grow until sends time out. So there are no batches of one record (`batch.size = 0`) beside high rates, no fetches
//! of a kilobyte, and no disks that take 50 ms for an fsync; where every append is flushed, the rates are lower still.
//!
//! They also keep a run cheap: about a second of real time.

use super::spec::Settings;
use crate::nemesis::{Family, Kind};

/// The key is left out.
pub(super) const DEFAULT: &str = "";

/// A key and what it may be.
pub(super) type Setting = (&'static str, &'static [&'static str]);

/// `[cluster]`
pub(super) const CLUSTER: &[Setting] = &[
    ("network.latency", &[DEFAULT, "1ms", "1ms..10ms", "2ms..5ms", "4ms..8ms"]),
    ("disk.fsync.latency", &[DEFAULT, "100us..500us", "1ms..10ms", "4ms..8ms"]),
    // Small: every append of every partition waits in the same queue.
    ("disk.read.latency", &[DEFAULT, DEFAULT, DEFAULT, "50us..500us"]),
    ("disk.append.latency", &[DEFAULT, DEFAULT, DEFAULT, "5us..50us"]),
    // Mostly never, so that a loss of power takes as much as it can.
    ("disk.write.back.after", &[DEFAULT, DEFAULT, DEFAULT, "500ms", "3s"]),
];

/// `[broker]`, whatever it promises.
pub(super) const BROKER: &[Setting] = &[
    ("broker.heartbeat.interval.ms", &[DEFAULT, "50", "150"]),
    ("broker.session.timeout.ms", &[DEFAULT, "600", "900"]),
    ("controller.socket.timeout.ms", &[DEFAULT, "300", "700"]),
    // Flush policies add up. Each is mostly off, so that replication alone must do; all of them promise more than none.
    ("log.flush.group.commit.enable", &[DEFAULT, DEFAULT, DEFAULT, "true"]),
    ("log.flush.interval.messages", &[DEFAULT, DEFAULT, DEFAULT, "1", "10", "100"]),
    ("log.flush.interval.ms", &[DEFAULT, DEFAULT, "50", "500"]),
    ("log.flush.scheduler.interval.ms", &[DEFAULT, DEFAULT, "50", "250", "1000"]),
    ("log.flush.offset.checkpoint.interval.ms", &[DEFAULT, "200", "1000"]),
    ("log.flush.start.offset.checkpoint.interval.ms", &[DEFAULT, "200", "1000"]),
    ("log.initial.task.delay.ms", &[DEFAULT, "100", "500"]),
    ("log.segment.bytes", &[DEFAULT, "2048", "8192", "65536"]),
    ("metadata.log.max.record.bytes.between.snapshots", &[DEFAULT, "500", "5000"]),
    ("replica.fetch.backoff.ms", &[DEFAULT, "10", "100"]),
    ("replica.fetch.max.bytes", &[DEFAULT, "4096", "16384"]),
    ("replica.fetch.wait.max.ms", &[DEFAULT, "10", "100"]),
    ("replica.high.watermark.checkpoint.interval.ms", &[DEFAULT, "100", "1000"]),
    ("replica.lag.time.max.ms", &[DEFAULT, "500", "1000", "3000"]),
    ("replica.socket.timeout.ms", &[DEFAULT, "300", "700"]),
];

/// `[broker]`, what promises less than Kafka can: with `settings = "any"` only.
pub(super) const BROKER_ANY: &[Setting] = &[
    ("eligible.leader.replicas.enable", &[DEFAULT, "false"]),
    ("log.retention.bytes", &[DEFAULT, DEFAULT, "32768"]),
    ("log.retention.check.interval.ms", &[DEFAULT, "250"]),
    ("unclean.leader.election.enable", &[DEFAULT, DEFAULT, DEFAULT, "true"]),
];

/// `[[producer]]`; how many records follows from the rate.
pub(super) const PRODUCER: &[Setting] = &[
    ("batch.size", &[DEFAULT, "4096"]),
    ("delivery.timeout.ms", &[DEFAULT, "2000", "4000"]),
    ("linger.ms", &[DEFAULT, "5", "20"]),
    ("max.in.flight.requests.per.connection", &[DEFAULT, "1", "2"]),
    ("record.bytes", &[DEFAULT, "16", "256"]),
    ("request.timeout.ms", &[DEFAULT, "500", "1000"]),
    ("retry.backoff.ms", &[DEFAULT, "20", "50"]),
];

/// `[[producer]]`, what promises less than Kafka can: with `settings = "any"` only, and not the first one, so that every
/// run has something to judge.
pub(super) const PRODUCER_ANY: &[Setting] =
    &[("acks", &[DEFAULT, DEFAULT, "1", "0"]), ("enable.idempotence", &[DEFAULT, DEFAULT, "false"])];

/// `[[consumer]]`
pub(super) const CONSUMER: &[Setting] = &[
    ("fetch.max.bytes", &[DEFAULT, "4096"]),
    ("fetch.max.wait.ms", &[DEFAULT, "10", "100"]),
    ("max.partition.fetch.bytes", &[DEFAULT, "4096", "16384"]),
    ("request.timeout.ms", &[DEFAULT, "500"]),
];

/// Records per second of a producer.
pub(super) const RATES: &[u64] = &[10, 25, 50, 100];

/// The same where every append is flushed: each record may then take a turn of the disk.
pub(super) const RATES_SYNC: &[u64] = &[5, 10, 20];

/// Seconds of the fault phase.
pub(super) const FAULT_SECONDS: &[u64] = &[3, 4, 5, 6];

/// Topics that may be drawn, as many of them as there are.
pub(super) const TOPICS: &[&[&str]] = &[&["orders"], &["orders"], &["orders", "payments"]];

/// How many producers there may be.
pub(super) const PRODUCERS: &[u64] = &[1, 2, 2, 3];

/// How many consumers there may be.
pub(super) const CONSUMERS: &[u64] = &[0, 1, 1, 2];

/// The largest replication factor: more replicas only take longer.
pub(super) const REPLICAS_MAX: u32 = 5;

/// `[[nemesis]]`: the time from one fault to the next, from a hail to a shower.
pub(super) const EVERY: &[&str] = &["100ms..500ms", "300ms..1s", "500ms..2s", "1s..3s"];

/// `[[nemesis]]`: the same for bits that rot. Limits hold back whatever else is lossy or unclean for the rest of the run
/// then, so the rest should not be all of it.
pub(super) const EVERY_ROT: &[&str] = &["1s..4s", "2s..5s"];

/// `[[nemesis]]`: how long a fault goes on, shorter and longer than a session.
pub(super) const LASTS: &[&str] = &["10ms..100ms", "50ms..500ms", "200ms..1s", "500ms..2s"];

/// The time from one fault of a kind to the next.
pub(super) fn every(kind: &Kind) -> &'static [&'static str] {
    if kind.name == "bit_rot" { EVERY_ROT } else { EVERY }
}

/// The parameters of a kind, and what they may be.
pub(super) fn parameters(kind: &Kind) -> &'static [Setting] {
    match kind.name {
        "delay" => &[("extra", &["1ms..20ms", "5ms..100ms", "50ms..300ms"])],
        "loss" => &[("probability", &["0.01", "0.05", "0.2"])],
        "power_loss" => &[("unsynced", &[DEFAULT, "torn", "reordered"])],
        "slow_disk" => &[
            ("latency", &["5ms..20ms", "20ms..100ms", "50ms..300ms"]),
            ("read_latency", &[DEFAULT, DEFAULT, "1ms..10ms"]),
            ("append_latency", &[DEFAULT, DEFAULT, "100us..1ms"]),
        ],
        "fsync_error" | "fsync_lie" => &[("probability", &["0.01", "0.1", "1.0"])],
        "read_error" | "write_error" => {
            &[("probability", &["0.01", "0.1", "1.0"]), ("files", &[DEFAULT, "*.log"])]
        }
        "disk_full" => &[("free", &["0", "1000", "20000"])],
        "bit_rot" => {
            &[("files", &[DEFAULT, "*"]), ("region", &[DEFAULT, "head", "tail"]), ("bits", &[DEFAULT, "3"])]
        }
        // A step ahead is time that went by: an hour would end every send and every session, and leave little to see.
        "clock_jump" => &[("by", &["-100ms..100ms", "-500ms..500ms", "-2s..2s"])],
        "clock_drift" => &[("by", &["-200ppm..200ppm", "-1%..1%", "-20%..20%"])],
        _ => &[],
    }
}

/// To whom a kind may be done, as key and value. `{}` is the first topic.
pub(super) fn aims(kind: &Kind, brokers: u32) -> &'static [(&'static str, &'static str)] {
    const BROKERS: &[(&str, &str)] =
        &[("target", "random"), ("target", "random"), ("target", "leader({}-0)")];
    const HOSTS: &[(&str, &str)] = &[
        ("target", "random"),
        ("target", "random"),
        ("target", "leader({}-0)"),
        ("target", "controller"),
        ("target", "random_client"),
    ];
    const DISKS: &[(&str, &str)] =
        &[("target", "random"), ("target", "random"), ("target", "leader({}-0)"), ("target", "controller")];
    const LINKS: &[(&str, &str)] = &[
        ("between", "[\"minority\", \"others\"]"),
        ("between", "[\"random\", \"controller\"]"),
        ("between", "[\"random\", \"random_client\"]"),
        ("between", "[\"leader({}-0)\", \"all_brokers\"]"),
    ];
    match (kind.name, kind.family) {
        // There is one controller: what it forgets, nobody knows.
        ("wipe" | "fsync_error" | "fsync_lie" | "bit_rot", _) => BROKERS,
        (_, Family::Disk) => DISKS,
        // Less than half of two brokers is nobody.
        ("partition", _) if brokers < 3 => &LINKS[1..3],
        ("partition", _) => LINKS,
        (_, Family::Process | Family::Network | Family::Clock) => HOSTS,
    }
}

/// The tables of one section.
pub(super) fn both(
    always: &'static [Setting],
    any: &'static [Setting],
    settings: Settings,
) -> impl Iterator<Item = Setting> {
    let any = if settings == Settings::Any { any } else { &[] };
    always.iter().chain(any).copied()
}
