//! What values a key takes: in words, and as a JSON Schema.

use broker_core::wire::API_NAMES;
use serde_json::{Value, json};

use super::trigger::events;
use crate::checker::Anomaly;
use crate::nemesis::{KINDS, Target};

/// What values a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Any text.
    Text,
    /// The name of a scenario, which is also a file name.
    FileName,
    /// The name of a fault.
    FaultName,
    /// The name of a topic.
    TopicName,
    /// A partition of a topic.
    TopicPartition,
    /// A seed.
    Seed,
    /// A whole number within bounds.
    Whole {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// A range of whole numbers within bounds, or one.
    Wholes {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// A number above 0 and at most 1.
    Probability,
    /// True or false.
    Flag,
    /// A time span.
    Duration,
    /// A range of time spans, or one.
    Durations,
    /// A range of time spans that may be negative, or one.
    SignedDurations,
    /// A range of relative speeds, or one.
    Drifts,
    /// So many per second or minute.
    Rate,
    /// A target or several.
    Targets,
    /// Two groups of targets.
    Sides,
    /// Topics.
    Topics,
    /// Files of a disk.
    Files,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A kind of fault.
    Kind,
    /// Any number of kinds of faults.
    Kinds,
    /// An event.
    Event,
    /// A request of Kafka's protocol.
    Api,
    /// An anomaly or several.
    Anomalies,
    /// A trigger.
    Trigger,
    /// A time, or a trigger.
    TimeOrTrigger,
}

const SPAN: &str = r"(\s*[0-9]+\s*(us|ms|s|m|h))+\s*";
const SIGNED: &str = r"\s*[+-]?(\s*[0-9]+\s*(us|ms|s|m|h))+\s*";
const DRIFT: &str = r"\s*[+-]?[0-9]+(\.[0-9]*)?\s*(%|ppm)\s*";
const NUMBER: &str = r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?";
const TOPIC: &str = r"[A-Za-z0-9._-]{1,249}";

impl Form {
    /// In words: what stands after "takes".
    pub fn describe(self) -> String {
        let quoted = |words: &[&str]| {
            words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(" or ")
        };
        match self {
            Form::Text => "text",
            Form::FileName => "a name: letters, digits, `-`, `_` and `.`",
            Form::FaultName => "a name: letters, digits, `-` and `_`",
            Form::TopicName => "a topic's name: letters, digits, `.`, `_` and `-`",
            Form::TopicPartition => "a topic partition: `\"orders-0\"`",
            Form::Seed => "a whole number; or text: `\"0x2a\"`, a git hash",
            Form::Whole { min, max: i64::MAX } => return format!("a whole number, at least {min}"),
            Form::Whole { min, max } => return format!("a whole number from {min} to {max}"),
            Form::Wholes { min, max } => {
                return format!("a whole number or a range, from {min} to {max}: `\"3\"`, `\"3..5\"`");
            }
            Form::Probability => "a number above 0 and at most 1",
            Form::Flag => "`true` or `false`",
            Form::Duration => "a duration: `\"500ms\"`, `\"1m30s\"`",
            Form::Durations => "a duration or a range: `\"1s\"`, `\"1s..3s\"`",
            Form::SignedDurations => "a duration or a range, with a sign: `\"-2s\"`, `\"-2s..2s\"`",
            Form::Drifts => "a relative speed or a range: `\"+5%\"`, `\"-200ppm\"`, `\"-1%..1%\"`",
            Form::Rate => "a rate: `\"100/s\"`, `\"30/m\"`",
            Form::Targets => "a target, or an array of targets",
            Form::Sides => "two sides, `[A, B]`, each a target or an array of targets",
            Form::Topics => "an array of topics' names",
            Form::Files => "a path, in which `*` is any text: `\"orders-0/*.log\"`",
            Form::Word(words) => return quoted(words),
            Form::Kind => "a kind of fault",
            Form::Kinds => "a kind of fault, or an array of kinds, which may be empty",
            Form::Event => "an event",
            Form::Api => "the name of one of Kafka's requests: `\"Fetch\"`",
            Form::Anomalies => "an anomaly, or an array of anomalies",
            Form::Trigger => "a trigger: `{ event = \"…\" }`",
            Form::TimeOrTrigger => "a time in the fault phase, or a trigger: `\"6s\"`, `{ event = \"…\" }`",
        }
        .to_owned()
    }

    /// As a JSON Schema. What only the reader can judge is let through.
    pub fn schema(self) -> Value {
        match self {
            Form::Text => json!({ "type": "string" }),
            Form::FileName => text(r"[A-Za-z0-9_-][A-Za-z0-9._-]*"),
            Form::FaultName => text(r"[A-Za-z0-9_-]+"),
            Form::TopicName => text(TOPIC),
            Form::TopicPartition => text(&format!(r"{TOPIC}-[0-9]+")),
            Form::Seed => json!({
                "type": ["integer", "string"], "minimum": 0, "pattern": "^([0-9]+|0x[0-9a-fA-F]{1,16}|[0-9a-fA-F]{7,40})$",
            }),
            Form::Whole { min, max: i64::MAX } => json!({ "type": "integer", "minimum": min }),
            Form::Whole { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
            // The numbers themselves are for the reader.
            Form::Wholes { .. } => text(r"\s*[0-9]+\s*(\.\.\s*[0-9]+\s*)?"),
            Form::Probability => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }),
            Form::Flag => json!({ "type": "boolean" }),
            Form::Duration => text(SPAN),
            Form::Durations => text(&format!(r"{SPAN}(\.\.{SPAN})?")),
            Form::SignedDurations => text(&format!(r"{SIGNED}(\.\.{SIGNED})?")),
            Form::Drifts => text(&format!(r"{DRIFT}(\.\.{DRIFT})?")),
            Form::Rate => text(&format!(r"\s*{NUMBER}\s*/\s*(s|m)\s*")),
            Form::Targets => one_or_more("target"),
            Form::Sides => json!({
                "type": "array", "minItems": 2, "maxItems": 2, "items": one_or_more("target"),
            }),
            Form::Topics => json!({ "type": "array", "minItems": 1, "items": text(TOPIC) }),
            Form::Files => text(r"[A-Za-z0-9*._/-]+"),
            Form::Word(words) => json!({ "enum": words }),
            Form::Kind => json!({ "enum": KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>() }),
            Form::Kinds => {
                let one = Form::Kind.schema();
                json!({ "anyOf": [one, { "type": "array", "uniqueItems": true, "items": one }] })
            }
            Form::Event => json!({ "enum": events().collect::<Vec<_>>() }),
            Form::Api => json!({ "enum": apis() }),
            Form::Anomalies => one_or_more("anomaly"),
            Form::Trigger => json!({ "$ref": "#/definitions/trigger" }),
            Form::TimeOrTrigger => json!({ "anyOf": [text(SPAN), { "$ref": "#/definitions/trigger" }] }),
        }
    }
}

/// What `$ref`s of [`Form::schema`] mean, but for the trigger, which has keys.
pub fn definitions() -> Value {
    let targets: Vec<String> = Target::forms().map(target_pattern).collect();
    json!({
        "target": text(&format!(r"\s*({})\s*", targets.join("|"))),
        "anomaly": { "enum": Anomaly::ALL.map(Anomaly::name) },
    })
}

/// Every request of Kafka's protocol that is spoken here.
pub fn apis() -> Vec<&'static str> {
    API_NAMES.iter().map(|(name, _)| *name).collect()
}

/// Text that matches as a whole.
fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^{pattern}$") })
}

fn one_or_more(definition: &str) -> Value {
    let one = json!({ "$ref": format!("#/definitions/{definition}") });
    json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
}

/// What matches a target, made from how it is written by example.
fn target_pattern(form: &str) -> String {
    let form = form.trim_matches('`');
    let Some((word, argument)) = form.split_once('(') else { return form.to_owned() };
    let partition = format!(r"{TOPIC}-[0-9]+");
    let argument = match (argument.contains('-'), argument.contains(',')) {
        (true, true) => format!(r"{partition}\s*,\s*[0-9]+"),
        (true, false) => partition,
        (false, _) => "[0-9]+".to_owned(),
    };
    format!(r"{word}\s*\(\s*{argument}\s*\)")
}
