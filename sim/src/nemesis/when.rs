//! When a fault begins and ends.

use std::time::Duration;

use broker_core::types::TopicPartition;

pub use crate::cluster::Moment;

use super::event::EventKind;
use super::fault::Span;
use super::target::Target;

/// When a fault begins. Times count from the beginning of the fault phase.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// `at = "2s"`, or drawn from `at = "1s..3s"`.
    At(Span<Duration>),
    /// `when = { … }`
    When(Trigger),
}

/// How long a fault goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Until {
    /// Nothing said: until everything is healed at the end of the fault phase.
    Heal,
    /// It is over at once (`drop_connections`).
    Instant,
    /// `lasts` or `down_for`: this long.
    Lasts(Span<Duration>),
    /// `until = "6s"`: up to this time.
    At(Duration),
    /// `until = { … }`
    When(Trigger),
}

/// The n-th time something happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// What.
    pub what: Happening,
    /// `nth`: which time, from 1. Counted from the beginning of the fault phase; for the end of a fault, from its
    /// beginning.
    pub nth: u64,
    /// `moment`: on which side of it.
    pub moment: Moment,
    /// `delay`: so much later.
    pub delay: Duration,
}

/// What a trigger waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// `event = "record_appended"`
    Event {
        /// What happens.
        event: &'static EventKind,
        /// `target`: on one of the hosts this means then; empty: anywhere.
        at: Vec<Target>,
        /// `topic_partition`: only of this one.
        topic_partition: Option<TopicPartition>,
        /// `api`: only requests of this API, by Kafka's name.
        api: Option<&'static str>,
    },
    /// `event = "fault_started"`, `fault = NAME`
    FaultStarted(String),
    /// `event = "fault_ended"`, `fault = NAME`
    FaultEnded(String),
}

impl Trigger {
    /// What it waits for, in words: `occurrence 3 of record_appended at leader(orders-0)`.
    pub fn describe(&self) -> String {
        let what = match &self.what {
            Happening::Event { event, at, topic_partition, api } => {
                let mut text = event.name.to_owned();
                if let Some(api) = api {
                    text += &format!(" of {api}");
                }
                if let Some(topic_partition) = topic_partition {
                    text += &format!(" of {topic_partition}");
                }
                if !at.is_empty() {
                    let hosts: Vec<String> = at.iter().map(ToString::to_string).collect();
                    text += &format!(" at {}", hosts.join(", "));
                }
                text
            }
            Happening::FaultStarted(name) => return format!("the beginning of `{name}`"),
            Happening::FaultEnded(name) => return format!("the end of `{name}`"),
        };
        format!("occurrence {} of {what}", self.nth)
    }
}
