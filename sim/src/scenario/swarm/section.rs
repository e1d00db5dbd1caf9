//! `[swarm]`

use std::ops::RangeInclusive;

use toml::de::{DeTable, DeValue};

use super::spec::{Contract, Settings, SwarmSpec};
use crate::nemesis::{KINDS, Kind, Span as Values};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span, position};
use crate::scenario::field::Field;
use crate::scenario::reader::{Table, texts};
use crate::scenario::suggest::suggest;

/// Reads the section; `root` is the whole file, because a key that steers what the file writes already steers nothing.
pub(in crate::scenario) fn section(
    source: &str,
    root: &DeTable<'_>,
    mut table: Table<'_>,
    problems: &mut Problems,
) -> SwarmSpec {
    let brokers = wholes(&mut table, "brokers", 1..=9, problems);
    let partitions = wholes(&mut table, "partitions", 1..=100, problems);
    let kinds = kinds(&mut table, problems);
    let contract = table.word("contract", &Contract::ALL, problems);
    let settings = table.word("settings", &Settings::ALL, problems);
    let line = position(source, table.header().start).0;
    table.finish(problems);
    let cluster = root.get("cluster").and_then(|cluster| cluster.get_ref().as_table());
    let written = cluster.is_some_and(|cluster| cluster.contains_key("brokers"));
    needless("brokers", &brokers, written, "`[cluster]` says how many brokers there are", problems);
    let has = |section| root.contains_key(section);
    needless("partitions", &partitions, has("topic"), "the topics are written", problems);
    needless("kinds", &kinds, has("nemesis"), "the nemeses are written", problems);
    needless("contract", &contract, has("limits"), "`[limits]` says what may happen", problems);
    SwarmSpec {
        brokers: brokers.or(Values { low: 3, high: 7 }).value,
        partitions: partitions.or(Values { low: 1, high: 4 }).value,
        kinds: kinds.or(KINDS.iter().collect()).value,
        contract: contract.or(Contract::default()).value,
        settings: settings.or(Settings::default()).value,
        line,
    }
}

fn needless<T>(key: &str, field: &Field<T>, written: bool, why: &str, problems: &mut Problems) {
    if let Field::Given(_, span) = field
        && written
    {
        let message = format!("`{key}` steers nothing: {why}");
        problems.report(Diagnostic::new(message).at(*span, "").help("keep one of them".to_owned()));
    }
}

/// `3..7`, or `3` for a range of one number.
fn wholes(
    table: &mut Table<'_>,
    key: &'static str,
    bounds: RangeInclusive<u32>,
    problems: &mut Problems,
) -> Field<Values<u32>> {
    let help = "write a range such as \"3..5\", or one number such as \"3\"";
    let parse = |text: &str| {
        let number =
            |text: &str| text.trim().parse::<u32>().map_err(|_| format!("`{text}` is not a whole number"));
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let (low, high) = (number(low)?, number(high)?);
        if high < low {
            return Err(format!("`{text}` ends before it begins"));
        }
        match bounds.contains(&low) && bounds.contains(&high) {
            true => Ok(Values { low, high }),
            false => Err(format!("`{key}` must be from {} to {}, not {text}", bounds.start(), bounds.end())),
        }
    };
    table.with_unit(key, "a range of whole numbers", help, parse, problems)
}

/// None at all is a swarm without faults, or with scripted ones only.
fn kinds(table: &mut Table<'_>, problems: &mut Problems) -> Field<Vec<&'static Kind>> {
    let Some(entry) = table.take("kinds") else { return Field::Absent };
    if let DeValue::Array(array) = entry.value
        && array.is_empty()
    {
        return Field::Given(Vec::new(), entry.span);
    }
    let names: Vec<(String, Span)> = match texts("kinds", entry.value, entry.span, problems) {
        Field::Given(names, _) => names,
        Field::Absent => return Field::Absent,
        Field::Wrong => return Field::Wrong,
    };
    let mut kinds: Vec<&'static Kind> = Vec::new();
    let count = names.len();
    for (name, span) in names {
        let problem = match Kind::named(&name) {
            Some(kind) if !kinds.contains(&kind) => {
                kinds.push(kind);
                continue;
            }
            Some(_) => Diagnostic::new(format!("`{name}` stands twice")),
            None => {
                let help = suggest(&name, KINDS.iter().map(|kind| kind.name));
                Diagnostic::new(format!("unknown kind of fault `{name}`")).help(help)
            }
        };
        problems.report(problem.at(span, ""));
    }
    if kinds.len() == count { Field::Given(kinds, entry.span) } else { Field::Wrong }
}
