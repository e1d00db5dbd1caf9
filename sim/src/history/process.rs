//! The clients of a history and what their settings promise.

use std::fmt;

use broker_core::config::Acks;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One client of a history: a producer, a consumer or the final reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProcessId(pub u32);

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a history says about a process before its first operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessInfo {
    /// Which.
    pub process: ProcessId,
    /// What people call it, such as `producer-0`.
    #[serde(default)]
    pub name: String,
    /// What its sends may rely on; `None` for who only reads, and where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
}

impl ProcessInfo {
    /// What the client is called that sends one record to every topic partition after the heal.
    pub const PROBE: &str = "attendant-probe";

    /// Whether it only shows that records are taken again: the checkers judge its sends like any other, but they are no
    /// part of the workload, and no number counts them.
    pub fn is_probe(&self) -> bool {
        self.name == ProcessInfo::PROBE && self.promise.is_some()
    }
}

/// What the settings of a producer promise about its sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// `acks`.
    #[serde(serialize_with = "write_acks", deserialize_with = "read_acks")]
    pub acks: Acks,
    /// `enable.idempotence`: a send is written at most once.
    pub idempotent: bool,
    /// Whether acknowledged sends to one topic partition keep their order.
    pub order: Order,
}

/// Whether acknowledged sends of one process to one topic partition are in the log in the order in which they were
/// invoked. Kafka keeps it with `enable.idempotence`, or with one request in flight and `acks=all`; otherwise a retry
/// may overtake (`max.in.flight.requests.per.connection` in `ProducerConfig`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Promised.
    Kept,
    /// Not promised.
    Any,
}

fn write_acks<S: Serializer>(acks: &Acks, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match acks {
        Acks::None => "0",
        Acks::Leader => "1",
        Acks::All => "all",
    })
}

fn read_acks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Acks, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "0" => Ok(Acks::None),
        "1" => Ok(Acks::Leader),
        "all" => Ok(Acks::All),
        other => Err(serde::de::Error::custom(format!("acks are `0`, `1` or `all`, not `{other}`"))),
    }
}
