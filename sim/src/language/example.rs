//! Small pieces of scenarios, made from the tables, that are accepted as they stand.

use super::faults;
use super::table::Absent;
use crate::nemesis::{Detail, EventKind, Kind};

/// A scripted fault of this kind: aimed the first way there is, with every parameter that may stand beside the others, and
/// an end.
pub fn fault(kind: &Kind) -> String {
    let keys = faults::fault_keys(kind);
    let mut lines = vec![("kind", format!("\"{}\"", kind.name))];
    let mut add = |name: &str| {
        let key = keys.iter().find(|key| key.name == name).unwrap_or_else(|| panic!("no key {name}"));
        lines.push((key.name, key.example.to_owned()));
    };
    faults::ways_to_aim(kind.shape)[0].iter().for_each(|name| add(name));
    let others = faults::one_of(kind).get(1..).unwrap_or_default();
    let parameters = keys.iter().filter(|key| faults::is_parameter(key) && !others.contains(&key.name));
    let end = keys.iter().filter(|key| matches!(key.name, "down_for" | "lasts"));
    parameters.chain(end).for_each(|key| add(key.name));
    lines.insert(lines.len() - usize::from(1 < lines.len()), ("at", "\"1s\"".to_owned()));
    section("fault", &lines)
}

/// Random faults of this kind, with nothing but what is required.
pub fn nemesis(kind: &Kind) -> String {
    let mut lines = vec![("kind", format!("\"{}\"", kind.name)), ("every", faults::EVERY.example.to_owned())];
    let keys = faults::nemesis_keys(kind);
    let one = faults::some_of(kind).first();
    let needed = keys.iter().filter(|key| key.absent == Absent::Refused || one == Some(&key.name));
    lines.extend(needed.map(|key| (key.name, key.example.to_owned())));
    section("nemesis", &lines)
}

/// A fault that waits for this event.
pub fn event(event: &EventKind) -> String {
    let more = match event.detail {
        Detail::None => "",
        Detail::TopicPartition => "topic_partition = \"orders-0\", ",
        Detail::Api => "api = \"Fetch\", ",
    };
    let lines = [
        ("kind", "\"power_loss\"".to_owned()),
        ("target", "\"random\"".to_owned()),
        ("when", format!("{{ event = \"{}\", {more}nth = 3, moment = \"before\" }}", event.name)),
        ("down_for", "\"1s\"".to_owned()),
    ];
    section("fault", &lines)
}

/// A fault that waits for another one.
pub fn fault_event(event: &str) -> String {
    let first = [
        ("kind", "\"kill\"".to_owned()),
        ("name", "\"first\"".to_owned()),
        ("target", "\"leader(orders-0)\"".to_owned()),
        ("at", "\"1s\"".to_owned()),
        ("down_for", "\"1s\"".to_owned()),
    ];
    let second = [
        ("kind", "\"isolate\"".to_owned()),
        ("target", "\"leader(orders-0)\"".to_owned()),
        ("when", format!("{{ event = \"{event}\", fault = \"first\", delay = \"50ms\" }}")),
        ("lasts", "\"1s\"".to_owned()),
    ];
    format!("{}\n{}", section("fault", &first), section("fault", &second))
}

/// A whole scenario of this name around faults like the others of this file, for whoever wants to try them.
pub fn around(name: &str, faults: &str) -> String {
    let topic = "[[topic]]\nname = \"orders\"\npartitions = 2\n";
    let clients = "[[producer]]\ntopics = [\"orders\"]\n\n[[consumer]]\ntopics = [\"orders\"]\n";
    format!("name = {name:?}\n\n{topic}\n{clients}\n{faults}")
}

fn section(name: &str, lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let lines = lines.iter().map(|(key, value)| format!("{key:width$} = {value}\n"));
    format!("[[{name}]]\n{}", lines.collect::<String>())
}
