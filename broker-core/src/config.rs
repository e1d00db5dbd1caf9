//! Settings under Kafka's property names, with Kafka's defaults.
//!
//! [`PROPERTIES`] is the one table: name, scope, type, default, meaning. [`Properties`] holds what somebody set, checked
//! against the table; the typed configs ([`BrokerConfig`], [`TopicConfig`], [`ProducerConfig`], [`ConsumerConfig`]) are
//! read from it. Units are Kafka's: names ending in `.ms` are milliseconds, `.bytes` and `batch.size` are bytes.
//!
//! A [`TimeScale`] divides the *defaults* of times, never a value that was set: a simulated second costs real time, and a
//! cluster whose timeouts are all 20 times shorter behaves alike.

mod table;
mod typed;

use std::collections::BTreeMap;
use std::fmt;

pub use table::PROPERTIES;
pub use typed::{Acks, BrokerConfig, ConsumerConfig, FlushPolicy, ProducerConfig, TopicConfig};

/// Whose setting a property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// `server.properties`.
    Broker,
    /// Topic configuration.
    Topic,
    /// `ProducerConfig`.
    Producer,
    /// `ConsumerConfig`.
    Consumer,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::Broker => "broker",
            Scope::Topic => "topic",
            Scope::Producer => "producer",
            Scope::Consumer => "consumer",
        })
    }
}

/// What values a property takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds.
    Int {
        /// Smallest value allowed.
        min: i64,
        /// Largest value allowed.
        max: i64,
    },
    /// Milliseconds within bounds; its default is subject to the [`TimeScale`].
    Millis {
        /// Smallest value allowed.
        min: i64,
        /// Largest value allowed.
        max: i64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Kafka's name.
    pub name: &'static str,
    /// Whose.
    pub scope: Scope,
    /// What values it takes.
    pub kind: Kind,
    /// Kafka's default; `None` if Kafka leaves it unset, which usually means never.
    pub default: Option<Value>,
    /// Meaning, in one or two sentences.
    pub doc: &'static str,
}

/// A value of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// For [`Kind::Bool`].
    Bool(bool),
    /// For [`Kind::Int`] and [`Kind::Millis`].
    Int(i64),
    /// For [`Kind::Choice`]: the table's own word.
    Word(&'static str),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => value.fmt(f),
            Value::Int(value) => value.fmt(f),
            Value::Word(value) => value.fmt(f),
        }
    }
}

/// What somebody wrote for a property, before it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawValue<'a> {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text; numbers and booleans may be written as text too, as in a properties file.
    Text(&'a str),
}

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No such property in this scope.
    #[error("unknown {scope} property `{name}`")]
    Unknown {
        /// As it was written.
        name: String,
        /// Where it was written.
        scope: Scope,
    },
    /// The value is not what the property takes.
    #[error("`{name}` takes {expected}")]
    Value {
        /// The property.
        name: &'static str,
        /// What it takes, in words.
        expected: String,
    },
    /// Settings that exclude each other.
    #[error("{0}")]
    Contradiction(String),
}

/// How much shorter than Kafka's the default times are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TimeScale {
    /// Divided by 20.
    #[default]
    Compressed,
    /// As in Kafka.
    Kafka,
}

impl TimeScale {
    /// What default times are divided by.
    pub fn divisor(self) -> i64 {
        match self {
            TimeScale::Compressed => 20,
            TimeScale::Kafka => 1,
        }
    }
}

/// The table's row for `name` in `scope`.
pub fn property(scope: Scope, name: &str) -> Option<&'static Property> {
    PROPERTIES.iter().find(|property| property.scope == scope && property.name == name)
}

/// Settings of one scope that somebody set, each known and of the right type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    scope: Scope,
    values: BTreeMap<&'static str, Value>,
}

impl Properties {
    /// No settings: everything has its default.
    pub fn new(scope: Scope) -> Properties {
        Properties { scope, values: BTreeMap::new() }
    }

    /// Sets `name`.
    ///
    /// # Errors
    /// If there is no such property in this scope, or it does not take such a value. Nothing is set then.
    pub fn set(&mut self, name: &str, value: RawValue<'_>) -> Result<(), ConfigError> {
        let Some(property) = property(self.scope, name) else {
            return Err(ConfigError::Unknown { name: name.to_owned(), scope: self.scope });
        };
        let Some(value) = property.kind.check(value) else {
            return Err(ConfigError::Value { name: property.name, expected: property.kind.to_string() });
        };
        self.values.insert(property.name, value);
        Ok(())
    }

    /// Forgets what was set for `name`, so that its default counts; whether anything was.
    pub fn reset(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// What was set, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Value)> + '_ {
        self.values.iter().map(|(name, value)| (*name, *value))
    }

    /// The value set for `name`, if any.
    pub fn explicit(&self, name: &str) -> Option<Value> {
        self.values.get(name).copied()
    }

    /// The value in force: what was set, else the default (a time divided by the scale, at least 1 ms unless it is 0).
    pub fn effective(&self, name: &str, scale: TimeScale) -> Option<Value> {
        let property =
            property(self.scope, name).unwrap_or_else(|| panic!("no property {name} in the table"));
        self.explicit(name).or_else(|| match (property.kind, property.default) {
            (Kind::Millis { .. }, Some(Value::Int(millis))) if 0 < millis => {
                Some(Value::Int((millis / scale.divisor()).max(1)))
            }
            (_, default) => default,
        })
    }
}

impl Kind {
    /// The value, if it is one of this kind.
    fn check(self, value: RawValue<'_>) -> Option<Value> {
        let number = |value: RawValue<'_>| match value {
            RawValue::Int(number) => Some(number),
            RawValue::Text(text) => text.parse().ok(),
            RawValue::Bool(_) => None,
        };
        match self {
            Kind::Bool => match value {
                RawValue::Bool(value) => Some(Value::Bool(value)),
                RawValue::Text(text) => text.parse().ok().map(Value::Bool),
                RawValue::Int(_) => None,
            },
            Kind::Int { min, max } | Kind::Millis { min, max } => {
                number(value).filter(|number| (min..=max).contains(number)).map(Value::Int)
            }
            Kind::Choice(words) => {
                let find =
                    |text: &str| words.iter().find(|word| **word == text).map(|word| Value::Word(word));
                match value {
                    RawValue::Text(text) => find(text),
                    RawValue::Int(number) => find(&number.to_string()),
                    RawValue::Bool(_) => None,
                }
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bounds = |f: &mut fmt::Formatter<'_>, min: i64, max: i64| match (min, max) {
            // The type's own limit is nobody's concern.
            (min, max) if i64::from(i32::MAX) <= max => write!(f, ", at least {min}"),
            (min, max) => write!(f, " from {min} to {max}"),
        };
        match *self {
            Kind::Bool => f.write_str("true or false"),
            Kind::Int { min, max } => {
                f.write_str("a whole number")?;
                bounds(f, min, max)
            }
            Kind::Millis { min, max } => {
                f.write_str("a number of milliseconds")?;
                bounds(f, min, max)
            }
            Kind::Choice(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                f.write_str(&quoted.join(" or "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_of_its_kind_and_every_name_is_unique_in_its_scope() {
        for (index, property) in PROPERTIES.iter().enumerate() {
            let raw = match property.default {
                None => continue,
                Some(Value::Bool(value)) => RawValue::Bool(value),
                Some(Value::Int(value)) => RawValue::Int(value),
                Some(Value::Word(word)) => RawValue::Text(word),
            };
            assert_eq!(property.kind.check(raw), property.default, "{}", property.name);
            let same = |other: &&Property| other.scope == property.scope && other.name == property.name;
            assert_eq!(PROPERTIES[..index].iter().find(same).map(|p| p.name), None);
        }
    }

    #[test]
    fn the_time_scale_divides_defaults_and_leaves_what_was_set() {
        let mut properties = Properties::new(Scope::Broker);
        let lag = "replica.lag.time.max.ms";
        assert_eq!(properties.effective(lag, TimeScale::Kafka), Some(Value::Int(30_000)));
        assert_eq!(properties.effective(lag, TimeScale::Compressed), Some(Value::Int(1_500)));
        properties.set(lag, RawValue::Int(700)).unwrap();
        assert_eq!(properties.effective(lag, TimeScale::Compressed), Some(Value::Int(700)));
    }

    #[test]
    fn wrong_names_and_values_are_refused_with_what_would_be_right() {
        let mut properties = Properties::new(Scope::Topic);
        let unknown = properties.set("min.insync", RawValue::Int(2)).unwrap_err();
        assert_eq!(unknown.to_string(), "unknown topic property `min.insync`");
        let wrong = properties.set("min.insync.replicas", RawValue::Int(0)).unwrap_err();
        assert_eq!(wrong.to_string(), "`min.insync.replicas` takes a whole number, at least 1");
        assert_eq!(properties.iter().count(), 0);
    }
}
