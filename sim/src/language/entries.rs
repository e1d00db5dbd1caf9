//! Every entry, made from the tables.

use broker_core::config::{self, PROPERTIES, Property, TimeScale};

use super::entry::{Entry, Group};
use super::faults::fault_keys;
use super::sections::SECTIONS;
use super::table::{Absent, Key, Section};
use super::trigger::{FAULT_EVENTS, TRIGGER};
use super::{example, form};
use crate::checker::Anomaly;
use crate::nemesis::{Detail, EVENTS, EventKind, KINDS, Kind, Shape, TARGETS};
use crate::verdict::Verdict;

/// Every entry, group by group.
pub fn entries() -> Vec<Entry> {
    let keys = SECTIONS.iter().chain([&TRIGGER]).flat_map(|section| {
        section.every_key().into_iter().map(move |(key, kinds)| of_key(section, key, &kinds))
    });
    let named = |section: &&Section| !section.name.is_empty();
    let targets = TARGETS.iter().map(|target| {
        let facts = vec![("written", target.form.to_owned())];
        Entry { facts, ..entry(Group::Targets, target.word, "a target", target.doc) }
    });
    SECTIONS
        .iter()
        .filter(named)
        .chain([&TRIGGER])
        .map(of_section)
        .chain(keys)
        .chain(KINDS.iter().map(of_kind))
        .chain(EVENTS.iter().map(of_event))
        .chain(FAULT_EVENTS.map(of_fault_event))
        .chain(targets)
        .chain(PROPERTIES.iter().map(of_property))
        .chain(Anomaly::ALL.map(of_anomaly))
        .chain(Verdict::ALL.map(of_verdict))
        .collect()
}

fn entry(group: Group, word: &str, what: &str, doc: &str) -> Entry {
    let (word, what, doc) = (word.to_owned(), what.to_owned(), doc.to_owned());
    Entry { group, word, what, doc, facts: Vec::new(), keys: Vec::new(), example: None }
}

fn of_section(section: &Section) -> Entry {
    let (what, header) = match section.name {
        "when" => ("a table of a fault", "when = { … }, until = { … }".to_owned()),
        _ => ("a section", section.header()),
    };
    let mut facts = vec![("written", header)];
    if section.needed {
        facts.push(("needed", "at least one, unless there is a [swarm]".to_owned()));
    }
    if section.of_kind.is_some() {
        facts.push(("kinds", KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")));
    }
    if let Some(scope) = section.properties {
        facts.push(("properties", format!("Kafka's {scope} properties")));
    }
    let keys = section.keys.to_vec();
    Entry { facts, keys, ..entry(Group::Sections, section.name, what, section.doc) }
}

fn of_key(section: &Section, key: Key, kinds: &[&str]) -> Entry {
    let absent = match key.absent {
        Absent::Refused => ("without it", "the scenario is refused".to_owned()),
        Absent::Default(value) => ("default", value.to_owned()),
        Absent::Means(words) => ("without it", words.to_owned()),
    };
    let mut facts = vec![("takes", key.form.describe()), absent];
    if !kinds.is_empty() {
        facts.push(("kinds", kinds.join(", ")));
    }
    let header = if section.name == TRIGGER.name { "a trigger".to_owned() } else { section.header() };
    let example = Some(format!("{} = {}\n", key.name, key.example));
    Entry {
        facts,
        example,
        ..entry(Group::Keys, &section.path(&key), &format!("a key of {header}"), key.doc)
    }
}

fn of_kind(kind: &Kind) -> Entry {
    let aim = match kind.shape {
        Shape::Hosts => "hosts: `target`",
        Shape::Links => "links: `between`, or `from` and `to`",
        Shape::HostsOrLinks => "links: `target` for all of a host, `between`, or `from` and `to`",
    };
    let effect = format!("{}; otherwise the run is vacuous", kind.effect);
    let what = format!("a kind of fault ({})", kind.family.name());
    let example = format!("{}\n{}", example::fault(kind), example::nemesis(kind));
    Entry {
        facts: vec![("effect", effect), ("aimed at", aim.to_owned()), ("usually", usually(kind))],
        keys: fault_keys(kind),
        example: Some(example),
        ..entry(Group::Kinds, kind.name, &what, kind.doc)
    }
}

/// Whom random faults of a kind hit if the scenario does not say it.
pub fn usually(kind: &Kind) -> String {
    kind.usually.iter().map(|target| format!("`{target}`")).collect::<Vec<_>>().join(" and ")
}

fn of_event(event: &EventKind) -> Entry {
    let after = "it has happened, and everything that follows from it is on its way".to_owned();
    let mut facts =
        vec![("where", event.host.to_owned()), ("before", event.before.to_owned()), ("after", after)];
    match event.detail {
        Detail::None => {}
        Detail::TopicPartition => facts.push(("takes", "`topic_partition`".to_owned())),
        Detail::Api => facts.push(("takes", format!("`api`: {}", form::apis().join(", ")))),
    }
    let example = Some(example::event(event));
    Entry { facts, example, ..entry(Group::Events, event.name, "an event", event.doc) }
}

fn of_fault_event((name, doc): (&str, &str)) -> Entry {
    let facts = vec![("where", "of no host: it takes `fault` and `delay` only".to_owned())];
    let example = Some(example::fault_event(name));
    Entry { facts, example, ..entry(Group::Events, name, "an event", doc) }
}

fn of_property(property: &Property) -> Entry {
    let mut facts = vec![("takes", property.kind.to_string())];
    let [compressed, kafka] =
        [TimeScale::Compressed, TimeScale::Kafka].map(|scale| default_of(property, scale));
    if compressed == kafka {
        facts.push(("default", kafka));
    } else {
        facts.push(("default", format!("{kafka}; {compressed} under the compressed time scale")));
    }
    let section = match property.scope {
        config::Scope::Broker => "[broker]".to_owned(),
        scope => format!("[[{scope}]]"),
    };
    facts.push(("written in", section));
    let what = format!("a {} property of Kafka's", property.scope);
    Entry { facts, ..entry(Group::Properties, property.name, &what, property.doc) }
}

/// The default in force under a time scale, as a scenario would write it.
pub fn default_of(property: &Property, scale: TimeScale) -> String {
    config::Properties::new(property.scope)
        .effective(property.name, scale)
        .map_or_else(|| "unset".to_owned(), |value| value.to_string())
}

fn of_anomaly(anomaly: Anomaly) -> Entry {
    let example = Some(format!("[expect]\nviolation = \"{anomaly}\"\n"));
    Entry { example, ..entry(Group::Anomalies, anomaly.name(), "an anomaly", anomaly.doc()) }
}

fn of_verdict(verdict: Verdict) -> Entry {
    let facts = vec![("exit code", verdict.exit_code().to_string())];
    Entry { facts, ..entry(Group::Verdicts, &verdict.to_string(), "a verdict", verdict.doc()) }
}
