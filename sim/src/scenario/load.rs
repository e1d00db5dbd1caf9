//! From a file to a [`Scenario`].

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use broker_core::config::{Properties, Scope};
use toml::de::DeTable;

use super::aim::Range;
use super::diagnostic::{Diagnostic, Diagnostics, Problems, Span, position};
use super::field::{Origin, Read};
use super::reader::{Places, Table};
use super::sections::{self, Document};
use super::spec::Scenario;
use super::{check, client, fault, limits, swarm, topic};
use crate::nemesis::{Limits, Plan};
use crate::seed::Seed;

/// Reads and checks the file at `path`.
///
/// # Errors
/// With every problem found: the file cannot be read, is not TOML, or says what cannot be.
pub fn load(path: &Path) -> Result<Scenario, Diagnostics> {
    let name = path.display().to_string();
    let bytes = read_bytes(path).map_err(|reason| Diagnostics::file(&name, reason))?;
    match std::str::from_utf8(&bytes) {
        Ok(source) => parse(&name, source),
        Err(error) => {
            let start = error.valid_up_to();
            // Up to there the readable copy has the same bytes; there it has a replacement character.
            let source = String::from_utf8_lossy(&bytes);
            let line = position(&source, start).0;
            let message =
                format!("this file is not UTF-8: byte {start}, on line {line}, begins no character");
            let mut problems = Problems::default();
            problems.report(Diagnostic::new(message).at(Span { start, end: start + 1 }, ""));
            Err(problems.into_diagnostics(&name, &source))
        }
    }
}

/// Only of a regular file: a pipe waits for somebody to write, and a device may never end.
fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("failed to read this file: {error}"),
    };
    let kind = std::fs::metadata(path).map_err(failed)?.file_type();
    if kind.is_dir() {
        Err("this is a directory, not a scenario file".to_owned())
    } else if kind.is_file() {
        std::fs::read(path).map_err(failed)
    } else {
        Err("this is a pipe or a device, not a regular file".to_owned())
    }
}

/// Checks a scenario; `path` is what messages call it.
///
/// # Errors
/// As [`load`].
pub fn parse(path: &str, source: &str) -> Result<Scenario, Diagnostics> {
    let mut problems = Problems::default();
    let (root, errors) = DeTable::parse_recoverable(source);
    for error in errors {
        let span = error.span().unwrap_or(source.len()..source.len());
        let message = format!("not TOML: {}", error.message());
        problems.report(Diagnostic::new(message).at(span.into(), ""));
    }
    // What recovery made of a broken file is not what its author meant.
    if problems.is_empty()
        && let Some(scenario) = read(path, source, root.get_ref(), &mut problems)
        && problems.is_empty()
    {
        match swarm::check(&scenario) {
            Ok(()) => return Ok(scenario),
            Err(problem) => {
                problems.report(Diagnostic::new(format!("the swarm draws what cannot be, {problem}")));
            }
        }
    }
    Err(problems.into_diagnostics(path, source))
}

/// Reads all sections, then checks what is between them. `None` only after a problem was reported.
fn read(path: &str, source: &str, root: &DeTable<'_>, problems: &mut Problems) -> Option<Scenario> {
    let mut document = Document::new(source, root);
    let name = sections::name(&mut document, problems);
    let story = document.text("story", problems).or(String::new()).value;
    let seed = document.seed(problems);
    let swarm = document.section("swarm", problems);
    let swarm = swarm.map(|table| swarm::section(source, root, table, problems));
    let (mut cluster, mut brokers) = sections::cluster(document.section("cluster", problems), problems);
    if let Some(swarm) = swarm.as_ref().filter(|_| brokers.origin == Origin::Default) {
        // What is written must fit the smallest cluster that may be drawn.
        (cluster.brokers, brokers.value) = (swarm.brokers.low, swarm.brokers.low);
    }
    let broker = broker(document.section("broker", problems), problems);

    let topic_tables = document.sections("topic", problems);
    if swarm.is_none() {
        at_least_one("topic", topic_tables.as_deref(), problems);
    }
    let topics_read = topic_tables.is_some();
    let topics: Vec<_> = topic_tables
        .into_iter()
        .flatten()
        .map(|table| topic::topic(table, cluster.brokers, problems))
        .collect();
    topic::check_names(&topics, problems);
    check::replication(&topics, &brokers, problems);
    check::min_insync(&topics, (&broker.0, &broker.1), problems);

    let producer_tables = document.sections("producer", problems);
    if swarm.is_none() {
        at_least_one("producer", producer_tables.as_deref(), problems);
    }
    let consumer_tables = document.sections("consumer", problems);
    let count = |tables: &Option<Vec<_>>| tables.as_ref().map(Vec::len).filter(|_| swarm.is_none());
    let clients = fault::Clients {
        producers: count(&producer_tables),
        all: count(&producer_tables).zip(count(&consumer_tables)).map(|(one, other)| one + other),
        recorded: seed.is_some(),
    };
    let (producers, mut named): (Vec<_>, Vec<_>) = producer_tables
        .into_iter()
        .flatten()
        .map(|table| client::producer(table, cluster.time_scale, problems))
        .unzip();
    let (consumers, named_by_consumers): (Vec<_>, Vec<_>) =
        consumer_tables.into_iter().flatten().map(|table| client::consumer(table, problems)).unzip();
    named.extend(named_by_consumers);
    if !topics.is_empty() {
        named.iter().for_each(|named| check::topics_exist(named, &topics, problems));
    }

    let (phases, fault_phase) = sections::phases(document.section("phases", problems), problems);
    let topics_sound = topics_read && !topics.is_empty() && topics.iter().all(|topic| topic.name.is_sound());
    let range = Range { brokers: &brokers, topics: &topics, topics_sound, clients: clients.all };
    let contract = limits::within(&broker.0, topics.iter().map(|topic| &topic.spec));
    let plan = plan(&mut document, &range, (&fault_phase, clients, contract), seed, problems);
    let expect = sections::expect(document.section("expect", problems), problems);
    document.finish(problems);

    Some(Scenario {
        name,
        story,
        seed,
        cluster,
        broker: broker.0,
        topics: topics.into_iter().map(|topic| topic.spec).collect(),
        producers: producers.into_iter().collect::<Option<_>>()?,
        consumers,
        plan: plan?,
        phases,
        expect,
        swarm,
        path: path.to_owned(),
        source: Arc::from(source),
    })
}

/// Faults, nemeses and their limits. `None` only after a problem was reported.
fn plan(
    document: &mut Document<'_>,
    range: &Range<'_>,
    (phase, clients, contract): (&Read<Duration>, fault::Clients, Limits),
    seed: Option<Seed>,
    problems: &mut Problems,
) -> Option<Plan> {
    let source = document.source();
    let tables = document.sections("fault", problems).into_iter().flatten();
    let faults: Vec<_> = tables.map(|table| fault::fault(source, table, problems)).collect();
    let tables = document.sections("nemesis", problems);
    // A swarm may draw some.
    let count = tables.as_ref().map(Vec::len).filter(|_| !document.has("swarm"));
    let tables = tables.into_iter().flatten();
    let random: Vec<_> = tables.map(|table| fault::nemesis(source, table, problems)).collect();
    let limits = limits::limits(document.section("limits", problems), contract, count, problems);

    for fault in &faults {
        if seed.is_none() {
            fault.check_times(phase, problems);
        }
        fault.check_sense(clients, problems);
        range.check_all(fault.targets(), problems);
        fault.triggers().for_each(|trigger| range.check_trigger(trigger, problems));
    }
    for nemesis in &random {
        nemesis.check_within(phase, problems);
        let Some(harm) = &nemesis.harm else { continue };
        harm.check_sense(clients, problems);
        range.check_all(harm.targets(), problems);
    }
    fault::check_names(&faults, problems);
    // With a seed it is the record of a run: that a fault hit nothing then is what the record says.
    if phase.is_sound() && seed.is_none() {
        fault::check_overlaps(&faults, phase.value, problems);
    }
    Some(Plan {
        faults: faults.iter().map(fault::FaultDraft::spec).collect::<Option<_>>()?,
        random: random.iter().map(fault::NemesisDraft::spec).collect::<Option<_>>()?,
        limits,
    })
}

fn broker(table: Option<Table<'_>>, problems: &mut Problems) -> (Properties, Places) {
    match table {
        Some(mut table) => table.properties(Scope::Broker, problems),
        None => (Properties::new(Scope::Broker), Places::new()),
    }
}

fn at_least_one(key: &str, tables: Option<&[Table<'_>]>, problems: &mut Problems) {
    if tables.is_some_and(<[_]>::is_empty) {
        let help = format!("add a `[[{key}]]` section");
        problems.report(Diagnostic::new(format!("there is no {key}: nothing would be tested")).help(help));
    }
}
