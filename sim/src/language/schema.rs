//! The language as a JSON Schema (draft-07), for editors: completion, explanations, and red lines before anything runs.
//!
//! It is made from the tables. What only the reader can see (a topic that does not exist, a fault after the end) passes
//! here; what is refused here, the reader refuses too.

use broker_core::config::{self, PROPERTIES};
use serde_json::{Map, Value, json};

use super::faults::{one_of, some_of, ways_to_aim};
use super::form;
use super::sections::SECTIONS;
use super::table::{Absent, Key, Section};
use super::trigger::{FAULT_EVENTS, TRIGGER};
use crate::nemesis::{Detail, EVENTS, KINDS, Kind, Length};

/// The schema of scenario files.
pub fn schema() -> Value {
    let mut definitions = form::definitions();
    definitions["trigger"] = trigger();
    let mut properties = Map::new();
    for section in SECTIONS {
        match section.name {
            "" => section.keys.iter().for_each(|key| place(&mut properties, key.name, of_key(key))),
            name => drop(properties.insert(name.to_owned(), of_section(section))),
        }
    }
    let needed: Vec<_> =
        SECTIONS.iter().filter(|section| section.needed).map(|section| section.name).collect();
    let swarm = json!({ "required": ["swarm"] });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Scenario",
        "description": "A story for `cargo sim run`: a cluster, its load, what happens to it, and what must come out.",
        "type": "object",
        "properties": properties,
        "required": required(SECTIONS[0].keys),
        "anyOf": [{ "required": needed }, swarm],
        "dependencies": { "limits": { "anyOf": [{ "required": ["nemesis"] }, swarm] } },
        "additionalProperties": false,
        "definitions": definitions,
    })
}

fn of_section(section: &Section) -> Value {
    let mut properties = Map::new();
    for (key, kinds) in section.every_key() {
        // What depends on the kind is said below, per kind; here is what an editor offers before it knows.
        let schema = of_key(&key);
        match properties.get_mut(key.name) {
            Some(known) if !kinds.is_empty() => widen(known, &key),
            _ => place(&mut properties, key.name, schema),
        }
    }
    for property in PROPERTIES.iter().filter(|property| Some(property.scope) == section.properties) {
        place(&mut properties, property.name, of_property(property));
    }
    let mut table = json!({
        "description": section.doc,
        "type": "object",
        "properties": properties,
        "required": required(section.keys),
        "additionalProperties": false,
    });
    if section.of_kind.is_some() {
        table["allOf"] = KINDS.iter().map(|kind| of_kind(section, kind)).collect();
    }
    if section.name == "expect" {
        table["not"] = json!({ "required": ["verdict", "violation"] });
    }
    if !section.many {
        return table;
    }
    let description = section.doc;
    if let Some(fields) = table.as_object_mut() {
        fields.remove("description");
    }
    let least = u8::from(section.needed);
    json!({ "description": description, "type": "array", "minItems": least, "items": table })
}

/// What holds if the table is of this kind: which keys, which of them, which exclude each other.
fn of_kind(section: &Section, kind: &Kind) -> Value {
    let keys = section.keys_of(kind);
    let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
    let mut narrow = Map::new();
    keys.iter()
        .filter(|key| key.name == "by")
        .for_each(|key| place(&mut narrow, key.name, key.form.schema()));
    let scripted = section.name == "fault";
    let mut rules = vec![exactly_one(ways_to_aim(kind.shape), !scripted)];
    if scripted {
        rules.push(exactly_one(&[&["at"], &["when"]], false));
    }
    match kind.length {
        Length::DownFor if scripted => rules.push(json!({ "not": { "required": ["down_for", "until"] } })),
        Length::Lasts if scripted => rules.push(json!({ "not": { "required": ["lasts", "until"] } })),
        _ => {}
    }
    let required_each =
        |keys: &[&str]| keys.iter().map(|key| json!({ "required": [key] })).collect::<Vec<_>>();
    if !some_of(kind).is_empty() {
        rules.push(json!({ "anyOf": required_each(some_of(kind)) }));
    }
    if !one_of(kind).is_empty() {
        rules.push(json!({ "not": { "required": one_of(kind) } }));
    }
    json!({
        "if": { "properties": { "kind": { "const": kind.name } }, "required": ["kind"] },
        "then": {
            "propertyNames": { "enum": names },
            "properties": narrow,
            "required": required(&keys),
            "allOf": rules,
        },
    })
}

fn trigger() -> Value {
    let mut properties = Map::new();
    TRIGGER.keys.iter().for_each(|key| place(&mut properties, key.name, of_key(key)));
    let of_faults = FAULT_EVENTS.map(|(name, _)| name);
    let with = |detail| -> Vec<&str> {
        EVENTS.iter().filter(|event| event.detail == detail).map(|event| event.name).collect()
    };
    let event_in = |names: &[&str]| json!({ "properties": { "event": { "enum": names } } });
    json!({
        "description": TRIGGER.doc,
        "type": "object",
        "properties": properties,
        "required": required(TRIGGER.keys),
        "additionalProperties": false,
        "allOf": [
            {
                "if": event_in(&of_faults),
                "then": { "required": ["fault"], "propertyNames": { "enum": ["event", "fault", "delay"] } },
                "else": { "not": { "required": ["fault"] } },
            },
            { "if": { "required": ["api"] }, "then": event_in(&with(Detail::Api)) },
            { "if": { "required": ["topic_partition"] }, "then": event_in(&with(Detail::TopicPartition)) },
            {
                "if": { "required": ["moment"], "properties": { "moment": { "const": "before" } } },
                "then": { "properties": { "delay": { "not": { "pattern": "[1-9]" } } } },
            },
        ],
    })
}

/// One of these ways, each with its keys and none of the others'; or, if that may be, none of them.
fn exactly_one(ways: &[&[&str]], or_none: bool) -> Value {
    let every: Vec<&str> = ways.concat();
    let only = |way: &[&str]| {
        let others = every.iter().filter(|key| !way.contains(key));
        let others: Vec<Value> = others.map(|key| json!({ "required": [key] })).collect();
        match others.is_empty() {
            true => json!({ "required": way }),
            false => json!({ "required": way, "not": { "anyOf": others } }),
        }
    };
    let none = or_none.then(|| only(&[]));
    json!({ "oneOf": ways.iter().map(|way| only(way)).chain(none).collect::<Vec<_>>() })
}

fn required(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().filter(|key| key.absent == Absent::Refused).map(|key| key.name).collect()
}

fn of_key(key: &Key) -> Value {
    let mut schema = key.form.schema();
    schema["description"] = key.doc.into();
    if let Absent::Default(text) = key.absent {
        schema["default"] = toml_value(text);
    }
    // Beside a `$ref` nothing else counts in draft-07.
    if let Some(reference) = schema.get("$ref").cloned() {
        schema = json!({ "description": key.doc, "allOf": [{ "$ref": reference }] });
    }
    schema
}

/// Lets a key that is there already take what another kind wants under the same name.
fn widen(known: &mut Value, key: &Key) {
    let wanted = key.form.schema();
    let mut same = known.clone();
    if let Some(fields) = same.as_object_mut() {
        fields.remove("description");
        fields.remove("default");
    }
    if same != wanted {
        *known = json!({ "description": key.doc, "anyOf": [same, wanted] });
    }
}

fn of_property(property: &config::Property) -> Value {
    let mut schema = match property.kind {
        config::Kind::Bool => json!({ "enum": [true, false, "true", "false"] }),
        config::Kind::Int { min, max } | config::Kind::Millis { min, max } => {
            // Numbers may be written as text, as in a properties file.
            let mut schema =
                json!({ "type": ["integer", "string"], "minimum": min, "pattern": "^[+-]?[0-9]+$" });
            if max < i64::MAX {
                schema["maximum"] = max.into();
            }
            schema
        }
        config::Kind::Choice(words) => {
            let numbers = words.iter().filter_map(|word| word.parse::<i64>().ok());
            json!({ "enum": words.iter().map(|word| json!(word)).chain(numbers.map(Value::from)).collect::<Vec<_>>() })
        }
    };
    let times = match (property.kind, property.default) {
        (config::Kind::Millis { .. }, Some(_)) => " The default is Kafka's, before the time scale.",
        _ => "",
    };
    schema["description"] = format!("{}{times}", property.doc).into();
    match property.default {
        Some(config::Value::Bool(value)) => schema["default"] = value.into(),
        Some(config::Value::Int(value)) => schema["default"] = value.into(),
        Some(config::Value::Word(value)) => schema["default"] = value.into(),
        None => {}
    }
    schema
}

/// Puts what a dotted name stands for into the nested tables that TOML makes of it.
fn place(properties: &mut Map<String, Value>, name: &str, schema: Value) {
    let Some((table, rest)) = name.split_once('.') else {
        let before = properties.insert(name.to_owned(), schema);
        assert_eq!(before, None, "`{name}` is there twice");
        return;
    };
    let nested = properties
        .entry(table)
        .or_insert_with(|| json!({ "type": "object", "properties": {}, "additionalProperties": false }));
    let nested = nested["properties"].as_object_mut().unwrap_or_else(|| panic!("`{table}` is no table"));
    place(nested, rest, schema);
}

/// A TOML value as JSON.
fn toml_value(text: &str) -> Value {
    let table: toml::Table = format!("value = {text}").parse().expect("the tables hold TOML");
    serde_json::to_value(&table["value"]).expect("TOML is JSON but for dates")
}
