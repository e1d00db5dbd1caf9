//! One table of the file: hands out typed values, remembers which keys were asked for, and reports the others.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use broker_core::config::{ConfigError, PROPERTIES, Properties, RawValue, Scope};
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Problems, Span};
use super::field::Field;
use super::suggest::suggest;
use super::units;

/// Where each property of a table was written.
pub(super) type Places = BTreeMap<&'static str, Span>;

/// A table whose nested tables were flattened to dotted names: `log.segment.bytes = 1` is one key.
pub(super) struct Table<'a> {
    source: &'a str,
    header: Span,
    entries: Vec<Entry<'a>>,
    /// The tables that were flattened.
    nested: Vec<Nested<'a>>,
    /// Every key anybody asked for, for suggestions.
    known: Vec<&'static str>,
}

/// A table within the table, made by dots or by a header.
struct Nested<'a> {
    name: String,
    place: Span,
    table: &'a DeTable<'a>,
}

/// One key and its value.
#[derive(Clone)]
pub(super) struct Entry<'a> {
    name: String,
    pub key: Span,
    pub value: &'a DeValue<'a>,
    pub span: Span,
}

impl<'a> Table<'a> {
    /// The table whose header (`[cluster]`) stands at `header`.
    pub fn new(source: &'a str, header: Span, table: &'a DeTable<'a>) -> Table<'a> {
        let mut new = Table { source, header, entries: Vec::new(), nested: Vec::new(), known: Vec::new() };
        new.flatten("", table);
        new.entries.sort_by_key(|entry| entry.key);
        new
    }

    fn flatten(&mut self, prefix: &str, table: &'a DeTable<'a>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let span: Span = value.span().into();
            let place = whole_key(self.source, key.span().into());
            match value.get_ref() {
                // An inline table is a value; only what dots and headers made is part of the name.
                DeValue::Table(nested) if !self.source[span.start..].starts_with('{') => {
                    self.flatten(&format!("{name}."), nested);
                    let headed = self.source[span.start..].starts_with('[');
                    let place = if headed { span } else { key.span().into() };
                    self.nested.push(Nested { name, place, table: nested });
                }
                value => self.entries.push(Entry { name, key: place, value, span }),
            }
        }
    }

    fn remember(&mut self, key: &'static str) {
        #[cfg(test)]
        super::asked::note(&self.source[self.header.start..self.header.end], key);
        self.known.push(key);
    }

    /// Where the table begins.
    pub fn header(&self) -> Span {
        self.header
    }

    /// The entry of `key`, which is a key of this table from now on.
    pub fn take(&mut self, key: &'static str) -> Option<Entry<'a>> {
        self.remember(key);
        let index = self.entries.iter().position(|entry| entry.name == key)?;
        Some(self.entries.remove(index))
    }

    /// The table at `key`, inline, with dots, or under a header of its own. `None` if there is something else.
    pub fn table(&mut self, key: &'static str) -> Option<Table<'a>> {
        let inline =
            self.entries.iter().find(|entry| entry.name == key).map(|entry| (entry.key, entry.value));
        let (place, table) = match inline {
            Some((place, value)) => (place, value.as_table()?),
            None => self.nested.iter().find(|nested| nested.name == key).map(|it| (it.place, it.table))?,
        };
        self.remember(key);
        self.discard(key);
        Some(Table::new(self.source, place, table))
    }

    /// Where `key` is written, if it is and nobody took it yet.
    pub fn place(&self, key: &str) -> Option<Span> {
        let entry = self.entries.iter().find(|entry| entry.name == key).map(|entry| entry.key);
        entry.or_else(|| self.nested.iter().find(|nested| nested.name == key).map(|nested| nested.place))
    }

    /// Whether a string stands for `key`.
    pub fn holds_text(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == key && entry.value.is_str())
    }

    /// Forgets `key`, which is a key elsewhere, and says where it was written.
    pub fn discard(&mut self, key: &str) -> Option<Span> {
        let place = self.place(key)?;
        let within =
            |name: &str| name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.entries.retain(|entry| !within(&entry.name));
        self.nested.retain(|nested| !within(&nested.name));
        Some(place)
    }

    /// A string.
    pub fn text(&mut self, key: &'static str, problems: &mut Problems) -> Field<String> {
        let Some(entry) = self.take(key) else { return Field::Absent };
        match entry.value {
            DeValue::String(text) => Field::Given(text.to_string(), entry.span),
            other => wrong_type(key, "a string", other, entry.span, "", problems),
        }
    }

    /// One of these words, which stands for its value.
    pub fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        problems: &mut Problems,
    ) -> Field<T> {
        let help = suggest("", words.iter().map(|(name, _)| *name)).unwrap_or_default();
        self.text(key, problems).parse(problems, &help, |text| {
            let found = words.iter().find(|(name, _)| *name == text);
            found.map(|(_, value)| *value).ok_or_else(|| format!("unknown {key} `{text}`"))
        })
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, problems: &mut Problems) -> Field<bool> {
        let Some(entry) = self.take(key) else { return Field::Absent };
        match entry.value {
            DeValue::Boolean(value) => Field::Given(*value, entry.span),
            other => wrong_type(key, "true or false", other, entry.span, "", problems),
        }
    }

    /// A number, whole or not.
    pub fn number(&mut self, key: &'static str, help: &str, problems: &mut Problems) -> Field<f64> {
        let Some(entry) = self.take(key) else { return Field::Absent };
        let number = match entry.value {
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64)
            }
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) => Field::Given(number, entry.span),
            None => wrong_type(key, "a number", entry.value, entry.span, help, problems),
        }
    }

    /// A whole number within bounds.
    pub fn whole(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<i64>,
        problems: &mut Problems,
    ) -> Field<i64> {
        let Some(entry) = self.take(key) else { return Field::Absent };
        let DeValue::Integer(number) = entry.value else {
            return wrong_type(key, "a whole number", entry.value, entry.span, "", problems);
        };
        let value = i64::from_str_radix(number.as_str(), number.radix()).ok();
        match value.filter(|value| bounds.contains(value)) {
            Some(value) => Field::Given(value, entry.span),
            None => {
                let message = match (*bounds.start(), *bounds.end()) {
                    (min, i64::MAX) => format!("`{key}` must be at least {min}, not {number}"),
                    (min, max) => format!("`{key}` must be from {min} to {max}, not {number}"),
                };
                problems.report(Diagnostic::new(message).at(entry.span, ""));
                Field::Wrong
            }
        }
    }

    /// A duration with its unit.
    pub fn duration(&mut self, key: &'static str, problems: &mut Problems) -> Field<Duration> {
        self.with_unit(key, "a duration", units::DURATION, units::duration, problems)
    }

    /// Text that has a unit.
    pub fn with_unit<T>(
        &mut self,
        key: &'static str,
        what: &str,
        help: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
        problems: &mut Problems,
    ) -> Field<T> {
        let Some(entry) = self.take(key) else { return Field::Absent };
        let DeValue::String(text) = entry.value else {
            let expected = format!("a string with {what}");
            return wrong_type(key, &expected, entry.value, entry.span, help, problems);
        };
        Field::Given(text, entry.span).parse(problems, help, |text| parse(text))
    }

    /// An array of strings, at least one, each with its place.
    pub fn texts(&mut self, key: &'static str, problems: &mut Problems) -> Field<Vec<(String, Span)>> {
        let Some(entry) = self.take(key) else { return Field::Absent };
        match entry.value {
            DeValue::Array(_) => texts(key, entry.value, entry.span, problems),
            DeValue::String(text) => {
                let help = format!("write `{key} = [{text:?}]`");
                wrong_type(key, "an array of strings", entry.value, entry.span, &help, problems)
            }
            other => wrong_type(key, "an array of strings", other, entry.span, "", problems),
        }
    }

    /// Everything not asked for yet, as Kafka properties of this scope. Comes after all own keys were asked for.
    pub fn properties(&mut self, scope: Scope, problems: &mut Problems) -> (Properties, Places) {
        let mut properties = Properties::new(scope);
        let mut places = Places::new();
        for entry in std::mem::take(&mut self.entries) {
            let raw = match entry.value {
                DeValue::Boolean(value) => Some(RawValue::Bool(*value)),
                DeValue::Integer(number) => {
                    i64::from_str_radix(number.as_str(), number.radix()).ok().map(RawValue::Int)
                }
                DeValue::String(text) => Some(RawValue::Text(text)),
                _ => None,
            };
            // Kafka takes neither of the other types, and this text is no value of any property.
            match properties.set(&entry.name, raw.unwrap_or(RawValue::Text("\0"))) {
                Ok(()) => {
                    let name = properties.iter().map(|(name, _)| name).find(|name| *name == entry.name);
                    places.insert(name.expect("it was just set"), entry.key);
                }
                Err(ConfigError::Unknown { .. }) => problems.report(self.unknown_property(&entry, scope)),
                Err(error) => {
                    problems.report(Diagnostic::new(error.to_string()).at(entry.span, ""));
                }
            }
        }
        (properties, places)
    }

    fn unknown_property(&self, entry: &Entry<'_>, scope: Scope) -> Diagnostic {
        let name = &entry.name;
        let others: Vec<String> = PROPERTIES
            .iter()
            .filter(|property| property.name == name)
            .map(|property| format!("a {} property", property.scope))
            .collect();
        let help = if others.is_empty() {
            let of_scope = PROPERTIES.iter().filter(|property| property.scope == scope);
            suggest(name, of_scope.map(|property| property.name).chain(self.known.iter().copied()))
        } else {
            Some(format!("`{name}` is {}", others.join(" and ")))
        };
        Diagnostic::new(format!("unknown {scope} property `{name}`")).at(entry.key, "").help(help)
    }

    /// Reports every key nobody asked for.
    pub fn finish(self, problems: &mut Problems) {
        for entry in &self.entries {
            let message = format!("unknown key `{}`", entry.name);
            let help = suggest(&entry.name, self.known.iter().copied());
            problems.report(Diagnostic::new(message).at(entry.key, "").help(help));
        }
    }
}

/// Strings of an array, or the one string there is instead.
pub(super) fn texts(
    key: &str,
    value: &DeValue<'_>,
    span: Span,
    problems: &mut Problems,
) -> Field<Vec<(String, Span)>> {
    let array = match value {
        DeValue::String(text) => return Field::Given(vec![(text.to_string(), span)], span),
        DeValue::Array(array) => array,
        other => return wrong_type(key, "a string or an array of strings", other, span, "", problems),
    };
    if array.is_empty() {
        problems.report(Diagnostic::new(format!("`{key}` is empty")).at(span, "at least one is needed"));
        return Field::Wrong;
    }
    let mut texts = Vec::new();
    for element in array {
        match element.get_ref() {
            DeValue::String(text) => texts.push((text.to_string(), element.span().into())),
            other => {
                let _: Field<()> =
                    wrong_type(key, "an array of strings", other, element.span().into(), "", problems);
            }
        }
    }
    if texts.len() == array.len() { Field::Given(texts, span) } else { Field::Wrong }
}

/// Reports a value of the wrong type.
pub(super) fn wrong_type<T>(
    key: &str,
    expected: &str,
    found: &DeValue<'_>,
    span: Span,
    help: &str,
    problems: &mut Problems,
) -> Field<T> {
    let found = match found {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    let help = (!help.is_empty()).then(|| help.to_owned());
    let message = format!("`{key}` must be {expected}");
    problems.report(Diagnostic::new(message).at(span, format!("this is {found}")).help(help));
    Field::Wrong
}

/// TOML knows only the last part of a dotted key at each value: the parts before it on the same line belong to it.
fn whole_key(source: &str, last: Span) -> Span {
    let before = &source[..last.start];
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '"' | '\'' | ' ' | '\t');
    let dotted = before.trim_end_matches(part);
    let start = before.len() - before[dotted.len()..].trim_start().len();
    Span { start, end: last.end }
}
