//! A scenario in the making: sections with keys, and each value as the text that stands for it.

use toml::de::{DeTable, DeValue};

/// What a scenario file will say.
///
/// * The first section is the top of the file.
/// * Values are TOML; keys are dotted names.
#[derive(Clone, Debug)]
pub(super) struct Draft(Vec<Section>);

/// One section of it.
#[derive(Clone, Debug)]
struct Section {
    name: String,
    header: String,
    keys: Vec<(String, String)>,
}

impl Draft {
    /// What a sound file writes, without `[swarm]`.
    pub fn of(source: &str) -> Draft {
        let root = DeTable::parse(source).expect("the file was read before");
        let mut draft = Draft(vec![Section { name: String::new(), header: String::new(), keys: Vec::new() }]);
        let mut entries: Vec<_> = root.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(_) if name == "swarm" => {}
                DeValue::Table(table) => draft.push(name, format!("[{name}]"), flat(source, table)),
                DeValue::Array(array) if array.iter().all(|element| element.get_ref().is_table()) => {
                    for table in array.iter().filter_map(|element| element.get_ref().as_table()) {
                        draft.push(name, format!("[[{name}]]"), flat(source, table));
                    }
                }
                _ => draft.0[0].keys.push((name.to_owned(), source[value.span()].to_owned())),
            }
        }
        draft
    }

    fn push(&mut self, name: &str, header: String, keys: Vec<(String, String)>) {
        self.0.push(Section { name: name.to_owned(), header, keys });
    }

    /// Whether there is such a section.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|section| section.name == name)
    }

    /// What a section that stands once says, if it says this.
    pub fn value(&self, name: &str, key: &str) -> Option<&str> {
        let section = self.0.iter().find(|section| section.name == name)?;
        section.keys.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Takes a section out.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|section| section.name != name);
    }

    /// Adds one more section of those that may stand any number of times.
    pub fn add(&mut self, name: &str) {
        self.push(name, format!("[[{name}]]"), Vec::new());
    }

    /// Adds a key to the last section with this name; there is one from now on.
    pub fn set(&mut self, name: &str, key: &str, value: &str) {
        if !self.has(name) {
            self.push(name, format!("[{name}]"), Vec::new());
        }
        let section = self.0.iter_mut().rev().find(|section| section.name == name).expect("it was added");
        section.keys.push((key.to_owned(), literal(value)));
    }

    /// The file.
    pub fn text(&self) -> String {
        let section = |section: &Section| {
            let keys = section.keys.iter().map(|(key, value)| format!("{key} = {value}\n"));
            format!("{}\n{}", section.header, keys.collect::<String>())
        };
        let text = self.0.iter().map(section).collect::<Vec<_>>().join("\n");
        text.trim_start().to_owned()
    }
}

/// Numbers, truth values and arrays stand for themselves; anything else is a string.
fn literal(value: &str) -> String {
    let bare = value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok() || value.starts_with('[');
    if bare { value.to_owned() } else { format!("\"{value}\"") }
}

/// The keys of a table with dotted names, in the order of the text. An inline table inside of it is a value.
fn flat(source: &str, table: &DeTable<'_>) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    collect(source, "", table, &mut entries);
    entries.sort();
    entries.into_iter().map(|(_, key, value)| (key, value)).collect()
}

fn collect(source: &str, prefix: &str, table: &DeTable<'_>, entries: &mut Vec<(usize, String, String)>) {
    for (key, value) in table {
        let (name, span) = (format!("{prefix}{}", key.get_ref()), value.span());
        match value.get_ref() {
            DeValue::Table(nested) if !source[span.start..].starts_with('{') => {
                collect(source, &format!("{name}."), nested, entries);
            }
            _ => entries.push((span.start, name, source[span].to_owned())),
        }
    }
}
