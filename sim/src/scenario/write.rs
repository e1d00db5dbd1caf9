//! A [`Scenario`] as the text that gives it again.

use std::fmt::Write;
use std::time::Duration;

use broker_core::config::{Properties, TimeScale, Value};

use super::sections::{CLUSTER, PHASES, RECORD_BYTES};
use super::spec::{ClusterSpec, Expectation, ExpectedVerdict, Scenario};
use super::units::{duration_text, values_text};
use super::write_plan;
use crate::checker::{Anomaly, Contract};
use crate::nemesis::Span;

impl Scenario {
    /// The scenario as TOML. What is written reads as this scenario again, but for `path`, `source` and line numbers.
    ///
    /// # Panics
    /// If it has a `[swarm]`: only what that [draws](Scenario::draw) can be written.
    pub fn to_toml(&self) -> String {
        self.to_toml_with(|_| None)
    }

    /// As [`to_toml`](Scenario::to_toml), with a comment above each scripted fault, by its position in the plan.
    pub fn to_toml_with(&self, comment: impl Fn(usize) -> Option<String>) -> String {
        assert!(self.swarm.is_none(), "a swarm is written as what it draws");
        let mut text = Section::new("");
        text.text("name", &self.name);
        if !self.story.is_empty() {
            text.put("story", story(&self.story));
        }
        if let Some(seed) = self.seed {
            // TOML's own numbers end at 63 bits.
            let small = i64::try_from(seed.0).is_ok();
            text.put("seed", if small { seed.to_string() } else { quoted(&seed.to_string()) });
        }
        let mut all = text.finish();
        all += &cluster(&self.cluster);
        let mut broker = Section::new("[broker]");
        broker.properties(&self.broker);
        all += &broker.finish();
        self.topics_and_clients(&mut all);
        all += &write_plan::plan(self, comment);
        let mut phases = Section::new("[phases]");
        // Nobody writes what goes without saying, but for the length of the faults, which everything else is measured by.
        if self.phases.warmup != PHASES.warmup {
            phases.duration("warmup", self.phases.warmup);
        }
        phases.duration("faults", self.phases.faults);
        if self.phases.liveness != PHASES.liveness {
            phases.duration("liveness", self.phases.liveness);
        }
        all += &phases.finish();
        all += &expect(&self.expect);
        all
    }

    fn topics_and_clients(&self, all: &mut String) {
        for topic in &self.topics {
            let mut section = Section::new("[[topic]]");
            section.text("name", &topic.name);
            section.put("partitions", topic.partitions.to_string());
            section.put("replication.factor", topic.replication_factor.to_string());
            section.properties(&topic.properties);
            *all += &section.finish();
        }
        for producer in &self.producers {
            let mut section = Section::new("[[producer]]");
            section.put("topics", array(producer.topics.iter().map(|topic| quoted(topic))));
            section.put("records", producer.records.to_string());
            section.text("rate", &format!("{}/s", producer.rate));
            if producer.value_bytes != RECORD_BYTES {
                section.put("record.bytes", producer.value_bytes.to_string());
            }
            section.properties(&producer.properties);
            *all += &section.finish();
        }
        for consumer in &self.consumers {
            let mut section = Section::new("[[consumer]]");
            section.put("topics", array(consumer.topics.iter().map(|topic| quoted(topic))));
            section.properties(&consumer.properties);
            *all += &section.finish();
        }
    }
}

fn cluster(cluster: &ClusterSpec) -> String {
    let mut section = Section::new("[cluster]");
    section.put("brokers", cluster.brokers.to_string());
    if cluster.time_scale == TimeScale::Kafka {
        section.text("time_scale", "kafka");
    }
    let range = |(low, high)| values_text(Span { low, high }, duration_text);
    if cluster.network_latency != CLUSTER.network_latency {
        section.text("network.latency", &range(cluster.network_latency));
    }
    let disk = [
        ("disk.fsync.latency", cluster.fsync_latency, CLUSTER.fsync_latency),
        ("disk.read.latency", cluster.read_latency, CLUSTER.read_latency),
        ("disk.append.latency", cluster.append_latency, CLUSTER.append_latency),
    ];
    for (key, latency, _) in disk.into_iter().filter(|(_, latency, usual)| latency != usual) {
        section.text(key, &range(latency));
    }
    if let Some(after) = cluster.write_back_after {
        section.duration("disk.write.back.after", after);
    }
    section.finish()
}

fn expect(expect: &Expectation) -> String {
    let mut section = Section::new("[expect]");
    match &expect.verdict {
        ExpectedVerdict::Pass => section.text("verdict", "pass"),
        ExpectedVerdict::Vacuous => section.text("verdict", "vacuous"),
        ExpectedVerdict::Liveness => section.text("verdict", "liveness"),
        ExpectedVerdict::Violation(anomalies) => {
            let names = anomalies.iter().copied().map(Anomaly::name).map(quoted);
            section.put("violation", array(names));
        }
        ExpectedVerdict::PassOr(anomalies) => {
            let names = anomalies.iter().copied().map(Anomaly::name).map(quoted);
            section.put("may_violate", array(names));
        }
    }
    if expect.contract != Contract::Beyond {
        section.text("contract", expect.contract.name());
    }
    if let Some(duration) = expect.unavailable_at_least {
        section.duration("unavailable_at_least", duration);
    }
    if let Some(count) = expect.indeterminate_at_most {
        section.put("indeterminate_at_most", count.to_string());
    }
    if let Some(count) = expect.deleted_at_least {
        section.put("deleted_at_least", count.to_string());
    }
    section.finish()
}

/// A table in the making.
pub(super) struct Section {
    header: &'static str,
    lines: Vec<(String, String)>,
}

impl Section {
    /// A table under this header; under none, the top of the file.
    pub fn new(header: &'static str) -> Section {
        Section { header, lines: Vec::new() }
    }

    /// A value as TOML writes it.
    pub fn put(&mut self, key: &str, value: String) {
        self.lines.push((key.to_owned(), value));
    }

    /// A string.
    pub fn text(&mut self, key: &str, text: &str) {
        self.put(key, quoted(text));
    }

    /// A duration.
    pub fn duration(&mut self, key: &str, duration: Duration) {
        self.text(key, &duration_text(duration));
    }

    fn properties(&mut self, properties: &Properties) {
        for (name, value) in properties.iter() {
            let value = match value {
                Value::Bool(_) | Value::Int(_) => value.to_string(),
                Value::Word(word) => quoted(word),
            };
            self.put(name, value);
        }
    }

    /// The text, with equals signs below each other; nothing of a table that holds nothing.
    pub fn finish(self) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let mut text = String::new();
        if !self.header.is_empty() {
            text = format!("\n{}\n", self.header);
        }
        let width = self.lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
        for (key, value) in &self.lines {
            writeln!(text, "{key:width$} = {value}").expect("strings take everything");
        }
        text
    }
}

/// `[a, b]`
pub(super) fn array(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(", "))
}

/// A string of one line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    text.chars().for_each(|c| push_escaped(&mut quoted, c));
    quoted.push('"');
    quoted
}

/// A text of several lines stays one.
fn story(text: &str) -> String {
    if !text.contains('\n') {
        return quoted(text);
    }
    let mut story = String::from("\"\"\"\n");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => story.push('\n'),
            // Three in a row would end it, and one before the end would be taken for a part of it.
            '"' if !matches!(rest.peek(), None | Some('"')) => story.push('"'),
            c => push_escaped(&mut story, c),
        }
    }
    story + "\"\"\""
}

fn push_escaped(text: &mut String, c: char) {
    match c {
        '"' | '\\' => text.extend(['\\', c]),
        '\n' => text.push_str("\\n"),
        '\t' => text.push_str("\\t"),
        '\r' => text.push_str("\\r"),
        c if c.is_control() => {
            write!(text, "\\u{:04X}", u32::from(c)).expect("strings take everything");
        }
        c => text.push(c),
    }
}
