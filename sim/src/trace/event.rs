//! Everything a trace can say.

use std::borrow::Cow;
use std::sync::Arc;

use broker_core::event::Event;
use broker_core::types::TopicPartition;
use serde::{Deserialize, Serialize};

/// Identifies a fault of one run, in the order in which faults were planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(pub u32);

/// How a host came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The process was killed; its page cache lives on.
    Killed,
    /// The machine lost power; what was not flushed is gone.
    PowerLost,
    /// The node stopped in good order.
    ShutDown,
    /// The node gave up by itself, such as after a disk error.
    Halted,
    /// The process was killed, or had stopped before, and its disk emptied.
    Wiped,
}

/// Something that happened on one host. Sizes are in bytes and leave out the length prefix of a frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields carry the names of Kafka's headers or of the variant")]
pub enum TraceEvent {
    /// A request left. `api` is Kafka's api key.
    RequestSent { to: Arc<str>, api: i16, correlation: i32, bytes: u32 },
    /// A request arrived.
    RequestReceived { connection: u64, api: i16, correlation: i32, bytes: u32 },
    /// A response left.
    ResponseSent { connection: u64, bytes: u32 },
    /// A response arrived.
    ResponseReceived { correlation: i32, bytes: u32 },
    /// A request got no response: the connection broke, or time ran out.
    RequestFailed { correlation: i32, timed_out: bool },
    /// A host began to run.
    HostStarted,
    /// A host stopped.
    HostStopped { how: Stop },
    /// The nemesis began to hurt.
    FaultStarted { fault: FaultId, description: String },
    /// The nemesis took a fault back.
    FaultEnded { fault: FaultId },
    /// The run entered its next phase.
    PhaseStarted { phase: Cow<'static, str> },
    /// A client operation was recorded; `index` is its index in the history.
    ClientOp { index: u64 },
    /// The disk began to carry out a flush. (A log's own flush is the node's `flush_started`.)
    DiskFlushStarted { flush: u64 },
    /// The disk ended a flush.
    DiskFlushFinished { flush: u64, ok: bool },
    /// What a node said about itself.
    #[serde(untagged, skip_deserializing)]
    Node(Event),
}

impl TraceEvent {
    /// The event's name as `trace.jsonl`, triggers and counts write it.
    pub fn name(&self) -> &'static str {
        match self {
            TraceEvent::RequestSent { .. } => "request_sent",
            TraceEvent::RequestReceived { .. } => "request_received",
            TraceEvent::ResponseSent { .. } => "response_sent",
            TraceEvent::ResponseReceived { .. } => "response_received",
            TraceEvent::RequestFailed { .. } => "request_failed",
            TraceEvent::HostStarted => "host_started",
            TraceEvent::HostStopped { .. } => "host_stopped",
            TraceEvent::FaultStarted { .. } => "fault_started",
            TraceEvent::FaultEnded { .. } => "fault_ended",
            TraceEvent::PhaseStarted { .. } => "phase_started",
            TraceEvent::ClientOp { .. } => "client_op",
            TraceEvent::DiskFlushStarted { .. } => "disk_flush_started",
            TraceEvent::DiskFlushFinished { .. } => "disk_flush_finished",
            TraceEvent::Node(event) => event.name(),
        }
    }

    /// Every name there is.
    pub fn names() -> impl Iterator<Item = &'static str> {
        OWN_NAMES.into_iter().chain(Event::names().iter().copied())
    }

    /// Which topic partition it is about, as far as it says so itself.
    pub fn topic_partition(&self) -> Option<&TopicPartition> {
        match self {
            TraceEvent::Node(event) => event.topic_partition(),
            _ => None,
        }
    }
}

/// What is not a node's own.
const OWN_NAMES: [&str; 13] = [
    "request_sent",
    "request_received",
    "response_sent",
    "response_received",
    "request_failed",
    "host_started",
    "host_stopped",
    "fault_started",
    "fault_ended",
    "phase_started",
    "client_op",
    "disk_flush_started",
    "disk_flush_finished",
];

impl From<Event> for TraceEvent {
    fn from(event: Event) -> TraceEvent {
        TraceEvent::Node(event)
    }
}

/// One event of each kind, for tests.
#[cfg(test)]
pub(super) fn one_of_each() -> Vec<TraceEvent> {
    use broker_core::types::Offset;
    vec![
        TraceEvent::RequestSent { to: "broker-1".into(), api: 0, correlation: 1, bytes: 10 },
        TraceEvent::RequestReceived { connection: 3, api: 0, correlation: 1, bytes: 10 },
        TraceEvent::ResponseSent { connection: 3, bytes: 11 },
        TraceEvent::ResponseReceived { correlation: 1, bytes: 11 },
        TraceEvent::RequestFailed { correlation: 1, timed_out: true },
        TraceEvent::HostStarted,
        TraceEvent::HostStopped { how: Stop::Killed },
        TraceEvent::FaultStarted { fault: FaultId(0), description: "kill broker-1".to_owned() },
        TraceEvent::FaultEnded { fault: FaultId(0) },
        TraceEvent::PhaseStarted { phase: "faults".into() },
        TraceEvent::ClientOp { index: 5 },
        TraceEvent::DiskFlushStarted { flush: 2 },
        TraceEvent::DiskFlushFinished { flush: 2, ok: true },
        TraceEvent::Node(Event::HighWatermarkMoved {
            topic_partition: TopicPartition::new("orders", 0),
            high_watermark: Offset(7),
            leader: true,
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_file() {
        for event in one_of_each() {
            let json = serde_json::to_value(&event).expect("events serialize");
            assert_eq!(json["event"], event.name(), "{json}");
            assert!(TraceEvent::names().any(|name| name == event.name()), "{json}");
        }
    }
}
