//! Every word one can ask about, and what is to be said about it.

use serde_json::{Value, json};

use super::entries::entries;
use super::table::Key;
use crate::scenario::suggest::suggest;

/// What sort of word it is. In the order of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// A table of the file.
    Sections,
    /// One of our own keys.
    Keys,
    /// A kind of fault.
    Kinds,
    /// An event a trigger can wait for.
    Events,
    /// Whom a fault hits.
    Targets,
    /// A setting of Kafka's.
    Properties,
    /// What is wrong with a history.
    Anomalies,
    /// What a run came to.
    Verdicts,
}

/// A word and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What sort of word.
    pub group: Group,
    /// The word. Of a key with its section: `fault.at`.
    pub word: String,
    /// What it is: `a key of [[fault]]`.
    pub what: String,
    /// What it means.
    pub doc: String,
    /// Further facts, each under its label.
    pub facts: Vec<(&'static str, String)>,
    /// Of a section or a kind: its keys.
    pub keys: Vec<Key>,
    /// TOML.
    pub example: Option<String>,
}

impl Group {
    /// All of them.
    pub const ALL: [Group; 8] = [
        Group::Sections,
        Group::Keys,
        Group::Kinds,
        Group::Events,
        Group::Targets,
        Group::Properties,
        Group::Anomalies,
        Group::Verdicts,
    ];

    /// As one asks for all of it.
    pub fn name(self) -> &'static str {
        match self {
            Group::Sections => "sections",
            Group::Keys => "keys",
            Group::Kinds => "kinds",
            Group::Events => "events",
            Group::Targets => "targets",
            Group::Properties => "properties",
            Group::Anomalies => "anomalies",
            Group::Verdicts => "verdicts",
        }
    }

    /// What it is, as a heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Sections => "sections of a scenario",
            Group::Keys => "own keys of sections",
            Group::Kinds => "kinds of faults",
            Group::Events => "events that triggers wait for",
            Group::Targets => "targets of faults",
            Group::Properties => "Kafka's properties",
            Group::Anomalies => "anomalies",
            Group::Verdicts => "verdicts",
        }
    }
}

impl Entry {
    /// What it means in one line: its first sentence.
    pub fn brief(&self) -> &str {
        let end = self.doc.match_indices(". ").map(|(at, _)| at + 1).next();
        // An example within a sentence (`default 1. …`) is not worth a parser.
        self.doc[..end.unwrap_or(self.doc.len())].trim_end()
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let facts: serde_json::Map<_, _> =
            self.facts.iter().map(|(label, text)| ((*label).to_owned(), json!(text))).collect();
        let keys: Vec<Value> = self
            .keys
            .iter()
            .map(|key| {
                json!({
                    "name": key.name, "takes": key.form.describe(), "absent": key.absent.describe(),
                    "doc": key.doc, "example": key.example,
                })
            })
            .collect();
        json!({
            "group": self.group.name(), "word": self.word, "what": self.what, "doc": self.doc,
            "facts": facts, "keys": keys, "example": self.example,
        })
    }
}

/// What there is to say about `word`: exactly that word, or else every key of that name, whatever its section.
///
/// # Errors
/// With words that are near, if nobody knows it.
pub fn lookup(word: &str) -> Result<Vec<Entry>, String> {
    let bare = word.trim().trim_matches(['[', ']', '`']);
    let bare = bare.split_once('(').map_or(bare, |(target, _)| target);
    let bare = bare.strip_prefix("fault.when.").map_or(bare.to_owned(), |key| format!("when.{key}"));
    let every = entries();
    let exact: Vec<_> =
        every.iter().filter(|entry| entry.word.eq_ignore_ascii_case(&bare)).cloned().collect();
    if !exact.is_empty() {
        return Ok(exact);
    }
    let of_any_section = |entry: &&Entry| {
        entry.group == Group::Keys && entry.word.split_once('.').is_some_and(|(_, key)| key == bare)
    };
    let keys: Vec<_> = every.iter().filter(of_any_section).cloned().collect();
    if !keys.is_empty() {
        return Ok(keys);
    }
    let last = |entry: &'_ Entry| entry.word.split_once('.').map(|(_, key)| key.to_owned());
    let names: Vec<String> =
        every.iter().filter(|entry| entry.group == Group::Keys).filter_map(last).collect();
    let groups = Group::ALL.map(Group::name);
    let words = every.iter().map(|entry| entry.word.as_str()).chain(groups);
    let help = suggest(&bare, words.chain(names.iter().map(String::as_str)));
    Err(help.unwrap_or_else(|| "`cargo sim explain` lists every word".to_owned()))
}
