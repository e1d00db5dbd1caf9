//! `[[producer]]` and `[[consumer]]`

use std::sync::Arc;

use broker_core::config::{ProducerConfig, Properties, Scope, TimeScale};

use super::diagnostic::{Diagnostic, Problems, Span};
use super::field::Field;
use super::reader::{Places, Table};
use super::sections::RECORD_BYTES;
use super::spec::{ConsumerSpec, ProducerSpec};
use super::units;

/// Topics as a client names them.
pub(super) type Named = Vec<(String, Span)>;

/// Reads one producer. There is none if its settings contradict each other.
pub(super) fn producer(
    mut table: Table<'_>,
    time_scale: TimeScale,
    problems: &mut Problems,
) -> (Option<ProducerSpec>, Named) {
    let named = topics(&mut table, problems);
    let records = table.whole("records", 1..=i64::MAX, problems).or(400).value;
    let help = "write a number per second or minute, such as \"100/s\"";
    let rate = table.with_unit("rate", "a rate", help, units::rate, problems).or(100.0).value;
    let value_bytes = table.whole("record.bytes", 16..=1_000_000, problems);
    let value_bytes =
        value_bytes.map(|bytes| usize::try_from(bytes).expect("within bounds")).or(RECORD_BYTES);
    let (properties, places) = table.properties(Scope::Producer, problems);
    let config = match ProducerConfig::new(&properties, time_scale) {
        Ok(config) => config,
        Err(error) => {
            problems.report(contradiction(&error.to_string(), table.header(), &places));
            return (None, named);
        }
    };
    let spec = ProducerSpec {
        properties,
        config,
        topics: names(&named),
        records: u64::try_from(records).expect("within bounds"),
        rate,
        value_bytes: value_bytes.value,
    };
    (Some(spec), named)
}

/// Reads one consumer.
pub(super) fn consumer(mut table: Table<'_>, problems: &mut Problems) -> (ConsumerSpec, Named) {
    let named = topics(&mut table, problems);
    let (properties, _): (Properties, Places) = table.properties(Scope::Consumer, problems);
    (ConsumerSpec { properties, topics: names(&named) }, named)
}

fn topics(table: &mut Table<'_>, problems: &mut Problems) -> Named {
    let topics: Field<Named> = table.texts("topics", problems).required("topics", table, problems);
    topics.ok().unwrap_or_default()
}

fn names(named: &Named) -> Vec<Arc<str>> {
    named.iter().map(|(name, _)| Arc::from(name.as_str())).collect()
}

/// Settings that exclude each other: the client, and each of them that was written.
fn contradiction(message: &str, header: Span, places: &Places) -> Diagnostic {
    let names = message.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_')));
    let mut diagnostic =
        Diagnostic::new(message).at(header, "the settings of this producer exclude each other");
    for name in names {
        diagnostic = diagnostic.maybe_at(places.get(name).copied(), "");
    }
    diagnostic
}
