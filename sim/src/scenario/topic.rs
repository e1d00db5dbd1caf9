//! `[[topic]]`

use std::sync::Arc;

use broker_core::config::Scope;

use super::diagnostic::{Diagnostic, Problems, Span};
use super::field::{Field, Read};
use super::reader::{Places, Table};
use super::spec::TopicSpec;

/// A topic and where its parts were written.
pub(super) struct TopicDraft {
    pub header: Span,
    pub name: Read<Arc<str>>,
    pub partitions: Read<i32>,
    pub replication_factor: Read<i16>,
    pub spec: TopicSpec,
    pub places: Places,
}

/// Reads one topic; the default of its replication factor depends on the number of brokers.
pub(super) fn topic(mut table: Table<'_>, brokers: u32, problems: &mut Problems) -> TopicDraft {
    let name = table.text("name", problems).required("name", &table, problems);
    let name = name.parse(
        problems,
        "Kafka allows letters, digits, `.`, `_` and `-`, at most 249 of them",
        legal_name,
    );
    let name = name.or(Arc::from(""));
    let partitions = whole(table.whole("partitions", 1..=1000, problems), 1);
    let default = i16::try_from(brokers.min(3)).expect("at most 3");
    let replication_factor = whole(table.whole("replication.factor", 1..=9, problems), default);
    let (properties, places) = table.properties(Scope::Topic, problems);
    let spec = TopicSpec {
        name: name.value.clone(),
        partitions: partitions.value,
        replication_factor: replication_factor.value,
        properties,
    };
    TopicDraft { header: table.header(), name, partitions, replication_factor, spec, places }
}

fn whole<T: TryFrom<i64>>(field: Field<i64>, default: T) -> Read<T> {
    let narrow = |number| T::try_from(number).unwrap_or_else(|_| unreachable!("{number} is within bounds"));
    field.map(narrow).or(default)
}

/// As `Topic.validate` in Kafka; the log of cluster metadata is not anybody's topic.
fn legal_name(name: String) -> Result<Arc<str>, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || 249 < name.len() || name == "." || name == ".." || !name.chars().all(legal) {
        return Err(format!("`{name}` is not a legal topic name"));
    }
    if name.starts_with("__") {
        return Err(format!("`{name}` is reserved: names that begin with `__` are Kafka's own"));
    }
    Ok(Arc::from(name))
}

/// Names must differ, and not by a number only: `orders-1` beside `orders` could be a topic or its partition 1.
pub(super) fn check_names(topics: &[TopicDraft], problems: &mut Problems) {
    for (index, topic) in topics.iter().enumerate() {
        let (Some(span), name) = (topic.name.span(), &topic.name.value) else { continue };
        if let Some(first) = topics[..index].iter().find(|other| other.name.value == *name) {
            let message = format!("topic `{name}` is defined twice");
            let diagnostic = Diagnostic::new(message).at(span, "again here");
            problems.report(diagnostic.maybe_at(first.name.span(), "first here"));
            continue;
        }
        let numbered = name
            .rsplit_once('-')
            .filter(|(_, tail)| !tail.is_empty() && tail.chars().all(|c| c.is_ascii_digit()));
        let Some((stem, _)) = numbered else { continue };
        if let Some(other) = topics.iter().find(|other| other.name.value.as_ref() == stem) {
            let message = format!("topic `{name}` looks like a partition of topic `{stem}`");
            let diagnostic = Diagnostic::new(message).at(span, "rename this");
            problems.report(diagnostic.maybe_at(other.name.span(), "or this"));
        }
    }
}
