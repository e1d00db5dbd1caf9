//! `[limits]`: how far random faults may go.

use broker_core::config::{BrokerConfig, Properties, TimeScale};

use super::diagnostic::{Diagnostic, Problems};
use super::field::Read;
use super::reader::Table;
use super::spec::TopicSpec;
use crate::contract::Promise;
use crate::nemesis::Limits;

/// Anything may happen at the same time.
pub(super) const BEYOND: Limits = Limits { brokers_down: None, lossy_crashes: None };

/// What the contract of these topics survives: one broker down, and as many that may have forgotten something as the
/// [`Promise`] of each covers. That power takes nothing where every append is flushed makes no difference: limits go by
/// everything that disks may forget.
pub(super) fn within<'a>(broker: &Properties, topics: impl IntoIterator<Item = &'a TopicSpec>) -> Limits {
    // No time is read here, so any time scale will do.
    let defaults = BrokerConfig::new(broker, TimeScale::Kafka);
    let promises = topics
        .into_iter()
        .map(|topic| Promise::of(&topic.properties, topic.replication_factor, &defaults).forgetful_copies());
    Limits { brokers_down: Some(1), lossy_crashes: Some(promises.min().unwrap_or(0)) }
}

/// Reads the section; `within` are the limits of the contract, `nemeses` how many there are to be limited.
pub(super) fn limits(
    table: Option<Table<'_>>,
    within: Limits,
    nemeses: Option<usize>,
    problems: &mut Problems,
) -> Limits {
    let Some(mut table) = table else { return within };
    let header = table.header();
    let contracts = "there is `within` and `beyond`";
    let contract = table.text("contract", problems).parse(problems, contracts, |text| match text.as_str() {
        "within" => Ok(within),
        "beyond" => Ok(BEYOND),
        _ => Err(format!("unknown contract `{text}`")),
    });
    let mut limits = contract.or(within).value;
    let mut count = |key| -> Read<Option<usize>> {
        let count = table.whole(key, 0..=i64::MAX, problems);
        count.map(|count| usize::try_from(count).ok()).or(None)
    };
    limits.brokers_down = count("brokers_down").value.or(limits.brokers_down);
    limits.lossy_crashes = count("lossy_crashes").value.or(limits.lossy_crashes);
    table.finish(problems);
    if nemeses == Some(0) {
        let diagnostic =
            Diagnostic::new("these limits limit nothing: there is no `[[nemesis]]`").at(header, "");
        problems.report(diagnostic.help("scripted faults count, but are never held back".to_owned()));
    }
    limits
}
