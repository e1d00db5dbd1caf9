//! What the tables say and what the reader looks for are the same.

use std::collections::BTreeSet;

use super::sections::{SECTIONS, named};
use super::table::Key;
use super::trigger::{FAULT_EVENTS, TRIGGER, events};
use crate::nemesis::KINDS;
use crate::scenario::asked::asked;
use crate::scenario::parse;

fn names(keys: &[Key]) -> BTreeSet<&'static str> {
    keys.iter().map(|key| key.name).collect()
}

/// What the reader looks for in the table that begins with `header`, when all there is stands in `source`.
fn looked_for(source: &str, header: &str) -> BTreeSet<&'static str> {
    asked(source).remove(header).unwrap_or_default()
}

#[test]
fn the_top_level_has_the_sections_and_keys_of_the_table() {
    // Few enough to be listed when an unknown one is as far from all of them as this.
    let problems = parse("x.toml", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx = 1").unwrap_err().to_json();
    let unknown =
        |problem: &&serde_json::Value| problem["message"].as_str().unwrap().starts_with("unknown key");
    let help =
        problems.as_array().unwrap().iter().find(unknown).unwrap()["help"].as_str().unwrap().to_owned();
    let known: BTreeSet<&str> = help.split('`').skip(1).step_by(2).collect();
    let sections = SECTIONS.iter().map(|section| section.name).filter(|name| !name.is_empty());
    assert_eq!(known, sections.chain(names(SECTIONS[0].keys)).collect());
}

#[test]
fn each_section_has_the_keys_of_the_table() {
    for section in SECTIONS.iter().filter(|section| !section.name.is_empty() && section.of_kind.is_none()) {
        let header = section.header();
        assert_eq!(looked_for(&header, &header), names(section.keys), "{header}");
    }
}

#[test]
fn each_kind_has_the_keys_of_the_table() {
    for section in ["fault", "nemesis"].map(|name| named(name).unwrap()) {
        let header = section.header();
        for kind in KINDS {
            let source = format!("{header}\nkind = \"{}\"\n", kind.name);
            assert_eq!(looked_for(&source, &header), names(&section.keys_of(kind)), "{header} {}", kind.name);
        }
    }
}

#[test]
fn a_trigger_has_the_keys_of_the_table_and_each_event_some_of_them() {
    let mut all = BTreeSet::new();
    for event in events() {
        let source = format!("[[fault]]\nkind = \"kill\"\nwhen = {{ event = \"{event}\" }}\n");
        let keys = looked_for(&source, "when");
        assert!(keys.is_subset(&names(TRIGGER.keys)), "{event}: {keys:?}");
        if FAULT_EVENTS.iter().any(|(name, _)| *name == event) {
            assert_eq!(keys, BTreeSet::from(["event", "fault", "delay"]), "{event}");
        }
        all.extend(keys);
    }
    assert_eq!(all, names(TRIGGER.keys));
}
