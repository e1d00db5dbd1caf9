//! The keys of a trigger, and the events that are not of a host.

use super::form::Form;
use super::table::{Absent, Key, Section};
use crate::nemesis::EVENTS;

use Absent::{Default, Means, Refused};

/// The events that are not of a host but of another fault, and what happens then.
pub const FAULT_EVENTS: [(&str, &str); 2] = [
    ("fault_started", "The fault with the name `fault` begins."),
    ("fault_ended", "The fault with the name `fault` is over, by itself or by the heal."),
];

/// Every event a trigger can wait for.
pub fn events() -> impl Iterator<Item = &'static str> {
    EVENTS.iter().map(|event| event.name).chain(FAULT_EVENTS.map(|(name, _)| name))
}

/// The table of a trigger: `when = { … }`, `until = { … }`.
pub const TRIGGER: Section = Section {
    name: "when",
    many: false,
    needed: false,
    doc: "A trigger: the n-th time something happens, counted from the beginning of the fault phase; as `until`, from the \
          beginning of the fault. Written as an inline table, as `when.event = \"…\"`, or as `[fault.when]`.",
    keys: &[
        Key {
            name: "event",
            form: Form::Event,
            absent: Refused,
            doc: "What it waits for.",
            example: "\"record_appended\"",
        },
        Key {
            name: "nth",
            form: Form::Whole { min: 1, max: i64::MAX },
            absent: Default("1"),
            doc: "Which time. Not with `fault_started` and `fault_ended`, which happen once.",
            example: "3",
        },
        Key {
            name: "target",
            form: Form::Targets,
            absent: Means("it may happen anywhere"),
            doc: "Only on one of the hosts that this means at that time.",
            example: "\"leader(orders-0)\"",
        },
        Key {
            name: "topic_partition",
            form: Form::TopicPartition,
            absent: Means("any"),
            doc: "Only of this topic partition; of events that have one.",
            example: "\"orders-0\"",
        },
        Key {
            name: "api",
            form: Form::Api,
            absent: Means("any"),
            doc: "Only requests of this kind; with `request_sent` and `request_received` only.",
            example: "\"Fetch\"",
        },
        Key {
            name: "moment",
            form: Form::Word(&["before", "after"]),
            absent: Default("\"after\""),
            doc: "`before`: nothing of it has left the host, and if its process dies now, nothing of it is on its disk. \
                  `after`: it has happened, and what follows from it is on its way.",
            example: "\"before\"",
        },
        Key {
            name: "fault",
            form: Form::FaultName,
            absent: Means("refused with `fault_started` and `fault_ended`, which need it"),
            doc: "The name of the other fault; with `fault_started` and `fault_ended` only.",
            example: "\"first\"",
        },
        Key {
            name: "delay",
            form: Form::Duration,
            absent: Default("\"0s\""),
            doc: "So much later; contradicts `moment = \"before\"`.",
            example: "\"50ms\"",
        },
    ],
    properties: None,
    of_kind: None,
};
