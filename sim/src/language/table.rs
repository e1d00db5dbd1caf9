//! What a section and a key are, as data.

use broker_core::config::Scope;

use super::form::Form;
use crate::nemesis::Kind;

/// One table of a scenario, or the top level.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// As its header has it; empty for the top level.
    pub name: &'static str,
    /// Whether it may stand more than once: `[[topic]]`.
    pub many: bool,
    /// Whether a scenario without it is refused.
    pub needed: bool,
    /// What it is for.
    pub doc: &'static str,
    /// Its own keys; of sections that have kinds, those that every kind has.
    pub keys: &'static [Key],
    /// Whose Kafka properties may stand in it.
    pub properties: Option<Scope>,
    /// What a kind of fault adds.
    pub of_kind: Option<fn(&Kind) -> Vec<Key>>,
}

/// One own key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// As it is written, with dots.
    pub name: &'static str,
    /// What values it takes.
    pub form: Form,
    /// What holds without it.
    pub absent: Absent,
    /// What it means.
    pub doc: &'static str,
    /// A value, in TOML.
    pub example: &'static str,
}

/// What holds if a key is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The scenario is refused.
    Refused,
    /// It is as if this had been written, in TOML.
    Default(&'static str),
    /// This, in words.
    Means(&'static str),
}

impl Section {
    /// As the header has it.
    pub fn header(&self) -> String {
        match (self.name, self.many) {
            ("", _) => "the top level".to_owned(),
            (name, true) => format!("[[{name}]]"),
            (name, false) => format!("[{name}]"),
        }
    }

    /// How one asks for a key of it: `fault.at`.
    pub fn path(&self, key: &Key) -> String {
        match self.name {
            "" => key.name.to_owned(),
            name => format!("{name}.{}", key.name),
        }
    }

    /// Its own keys if it is of this kind.
    pub fn keys_of(&self, kind: &Kind) -> Vec<Key> {
        let added = self.of_kind.map_or_else(Vec::new, |added| added(kind));
        self.keys.iter().copied().chain(added).collect()
    }

    /// All its own keys, each with the kinds it belongs to; no kinds: it is there always. A name whose meaning depends
    /// on the kind is there more than once.
    pub fn every_key(&self) -> Vec<(Key, Vec<&'static str>)> {
        let mut every: Vec<(Key, Vec<&'static str>)> =
            self.keys.iter().map(|key| (*key, Vec::new())).collect();
        let Some(added) = self.of_kind else { return every };
        for kind in crate::nemesis::KINDS {
            for key in added(kind) {
                match every.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, kinds)) => kinds.push(kind.name),
                    None => {
                        let namesake = every.iter().rposition(|(known, _)| known.name == key.name);
                        every.insert(namesake.map_or(every.len(), |at| at + 1), (key, vec![kind.name]));
                    }
                }
            }
        }
        every
    }
}

impl Absent {
    /// In words, as documentation has it.
    pub fn describe(self) -> String {
        match self {
            Absent::Refused => "required".to_owned(),
            Absent::Default(value) => format!("default `{value}`"),
            Absent::Means(words) => words.to_owned(),
        }
    }
}
