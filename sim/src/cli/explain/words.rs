//! `cargo sim explain WORD` and `cargo sim schema`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::super::args::Format;
use super::super::{EXIT_USAGE, complain, print};
use super::args::ExplainArguments;
use crate::language::{self, Entry, Group, entries, explain as human, lookup, usage};
use crate::scenario;

/// `cargo sim schema`.
pub(in crate::cli) fn schema() -> u8 {
    print(&format!("{:#}\n", language::schema()));
    0
}

/// Each word, in order, or nothing if there is one that nobody knows.
pub(super) fn words(arguments: &ExplainArguments) -> u8 {
    if arguments.words.is_empty() {
        let groups = Group::ALL.map(|group| list(group, arguments.format));
        let separator = if arguments.format == Format::Human { "\n" } else { "" };
        print(&groups.join(separator));
        return 0;
    }
    let uses = uses();
    let mut answers = Vec::new();
    for word in &arguments.words {
        if let Some(group) = Group::ALL.into_iter().find(|group| group.name() == word) {
            answers.push(list(group, arguments.format));
            continue;
        }
        match lookup(word) {
            Ok(found) => answers.extend(found.iter().map(|entry| answer(entry, &uses, arguments.format))),
            Err(help) => {
                let help = format!("{help}; or give a run directory, such as reports/latest");
                complain(&format!("error: there is nothing called `{word}`\nhelp: {help}\n"));
                return EXIT_USAGE;
            }
        }
    }
    print(&answers.join(if arguments.format == Format::Human { "\n\n" } else { "" }));
    0
}

fn list(group: Group, format: Format) -> String {
    let entries = entries();
    match format {
        Format::Human => human::list(group, &entries),
        Format::Json => entries
            .iter()
            .filter(|entry| entry.group == group)
            .map(|entry| format!("{}\n", entry.to_json()))
            .collect(),
    }
}

fn answer(entry: &Entry, uses: &BTreeMap<String, Vec<String>>, format: Format) -> String {
    let used_by = uses.get(&entry.word).map_or(&[][..], Vec::as_slice);
    match format {
        Format::Human => human::text(entry, used_by),
        Format::Json => {
            let mut json = entry.to_json();
            json["used_by"] = json!(used_by);
            format!("{json}\n")
        }
    }
}

/// Which of the scenarios that are here use a word. Help on a word is not the place to complain about their mistakes.
fn uses() -> BTreeMap<String, Vec<String>> {
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let paths = scenario::discover(&[PathBuf::from("scenarios")]).unwrap_or_default();
    for scenario in paths.iter().filter_map(|path| scenario::load(path).ok()) {
        for word in usage::words_of(&scenario) {
            uses.entry(word).or_default().push(scenario.name.clone());
        }
    }
    uses
}
