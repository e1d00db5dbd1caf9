//! What only shows between sections.

use broker_core::config::{BrokerConfig, Properties, TimeScale, TopicConfig};

use super::client::Named;
use super::diagnostic::{Diagnostic, Problems};
use super::field::Read;
use super::reader::Places;
use super::suggest::suggest;
use super::topic::TopicDraft;

/// Replication factors against the brokers there are.
pub(super) fn replication(topics: &[TopicDraft], brokers: &Read<u32>, problems: &mut Problems) {
    for topic in topics {
        let factor = &topic.replication_factor;
        let exceeds = i64::from(brokers.value) < i64::from(factor.value);
        if let Some(span) = factor.span()
            && brokers.is_sound()
            && exceeds
        {
            let few = match brokers.value {
                1 => "there is 1 broker".to_owned(),
                count => format!("there are {count} brokers"),
            };
            let message = format!("replication.factor is {}, but {few}", factor.value);
            let diagnostic = Diagnostic::new(message).at(span, "more replicas than brokers");
            problems.report(diagnostic.maybe_at(brokers.span(), few));
        }
    }
}

/// `min.insync.replicas` against the replication factor: above it, no write with acks=all ever succeeds.
pub(super) fn min_insync(
    topics: &[TopicDraft],
    (broker, broker_places): (&Properties, &Places),
    problems: &mut Problems,
) {
    const NAME: &str = "min.insync.replicas";
    // No time is read here, so any time scale will do.
    let defaults = BrokerConfig::new(broker, TimeScale::Kafka);
    for topic in topics {
        let min = TopicConfig::new(&topic.spec.properties, &defaults).min_insync_replicas;
        let factor = &topic.replication_factor;
        if !factor.is_sound() || min <= usize::try_from(factor.value).expect("at least 1") {
            continue;
        }
        let message = format!("{NAME} is {min}, but the replication factor is {}", factor.value);
        let diagnostic = match topic.places.get(NAME) {
            Some(place) => Diagnostic::new(message).at(*place, "no write with acks=all could succeed"),
            None => {
                let place = broker_places.get(NAME).copied();
                let diagnostic =
                    Diagnostic::new(message).at(topic.header, "no write with acks=all could succeed");
                diagnostic.maybe_at(place, "this is the default of topics")
            }
        };
        problems.report(diagnostic.maybe_at(factor.span(), "so many replicas"));
    }
}

/// Topics that clients name.
pub(super) fn topics_exist(named: &Named, topics: &[TopicDraft], problems: &mut Problems) {
    if !topics.iter().all(|topic| topic.name.is_sound()) {
        return;
    }
    let names = || topics.iter().map(|topic| topic.name.value.as_ref());
    for (name, span) in named.iter().filter(|(name, _)| !names().any(|known| known == name)) {
        let help = suggest(name, names());
        problems.report(Diagnostic::new(format!("there is no topic `{name}`")).at(*span, "").help(help));
    }
}
