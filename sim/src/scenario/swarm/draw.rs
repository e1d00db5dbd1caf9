//! From a swarm and a seed to a plain scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use broker_core::config::Value;
use rand::Rng;
use rand::seq::IndexedRandom;

use super::choices::{self, Setting};
use super::draft::Draft;
use super::spec::{Settings, SwarmSpec};
use crate::nemesis::{Kind, Length, Span};
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::{Scenario, parse};
use crate::seed::Seed;

/// Seeds that are tried when the file is read.
const TRIED: u64 = 16;

impl Scenario {
    /// The plain scenario that this seed runs, and every value that was drawn for it, by section and key. A scenario
    /// without `[swarm]` is its own.
    pub fn draw(&self, seed: Seed) -> (Scenario, BTreeMap<String, String>) {
        match &self.swarm {
            None => (self.clone(), BTreeMap::new()),
            Some(spec) => drawn(self, spec, seed).unwrap_or_else(|problems| {
                panic!("{} draws what cannot be with seed {seed}: {problems}", self.path)
            }),
        }
    }
}

/// Whether what a swarm writes goes together with what it draws; otherwise what does not, in words. A few seeds tell: what
/// is drawn is drawn from few choices.
pub(in crate::scenario) fn check(scenario: &Scenario) -> Result<(), String> {
    let Some(spec) = &scenario.swarm else { return Ok(()) };
    (0..TRIED).try_for_each(|seed| {
        let problems = drawn(scenario, spec, Seed(seed)).err();
        let first = problems.as_ref().and_then(|problems| problems.iter().next());
        first.map_or(Ok(()), |first| Err(format!("with seed {seed}: {}", first.message())))
    })
}

fn drawn(
    written: &Scenario,
    spec: &SwarmSpec,
    seed: Seed,
) -> Result<(Scenario, BTreeMap<String, String>), Diagnostics> {
    let draft = Draft::of(&written.source);
    let mut draw = Draw { written, spec, seed, draft, values: BTreeMap::new() };
    let brokers = draw.cluster();
    draw.settings("broker", 0, choices::both(choices::BROKER, choices::BROKER_ANY, spec.settings));
    let topics = draw.topics(brokers);
    let faults = draw.phases();
    draw.producers(&topics, faults);
    draw.consumers(&topics);
    draw.nemeses(brokers, &topics[0]);
    let mut scenario = parse(&written.path, &draw.draft.text())?;
    // What is written has the lines of the file that people know, and not of the text that was just made.
    for (fault, written) in scenario.plan.faults.iter_mut().zip(&written.plan.faults) {
        fault.line = written.line;
    }
    let lines = written.plan.random.iter().map(|nemesis| nemesis.line).chain(std::iter::repeat(0));
    for (nemesis, line) in scenario.plan.random.iter_mut().zip(lines) {
        // What was drawn stands nowhere.
        nemesis.line = line;
    }
    Ok((scenario, draw.values))
}

/// A scenario while it is drawn.
struct Draw<'a> {
    written: &'a Scenario,
    spec: &'a SwarmSpec,
    seed: Seed,
    draft: Draft,
    /// What was drawn so far.
    values: BTreeMap<String, String>,
}

impl Draw<'_> {
    fn choose<T: Copy>(&self, name: &str, ordinal: u64, choices: &[T]) -> T {
        let mut rng = self.seed.stream(&format!("swarm.{name}"), ordinal);
        *choices.choose(&mut rng).expect("there is always a choice")
    }

    fn number(&self, name: &str, ordinal: u64, range: Span<u32>) -> u32 {
        self.seed.stream(&format!("swarm.{name}"), ordinal).random_range(range.low..=range.high)
    }

    /// Writes a drawn value to the last section with this name.
    fn set(&mut self, section: &str, ordinal: u64, key: &str, value: &str) {
        self.draft.set(section, key, value);
        let name = match section {
            "topic" | "producer" | "consumer" => format!("{section}[{ordinal}].{key}"),
            _ => format!("{section}.{key}"),
        };
        self.values.insert(name, value.to_owned());
    }

    /// Draws what the section does not say yet.
    fn settings(&mut self, section: &str, ordinal: u64, settings: impl IntoIterator<Item = Setting>) {
        let once = matches!(section, "cluster" | "broker");
        for (key, values) in settings {
            let value = self.choose(&format!("{section}.{key}"), ordinal, values);
            if value != choices::DEFAULT && !(once && self.draft.value(section, key).is_some()) {
                self.set(section, ordinal, key, value);
            }
        }
    }

    fn cluster(&mut self) -> u32 {
        let brokers = if self.draft.value("cluster", "brokers").is_some() {
            self.written.cluster.brokers
        } else {
            let brokers = self.number("cluster.brokers", 0, self.spec.brokers);
            self.set("cluster", 0, "brokers", &brokers.to_string());
            brokers
        };
        self.settings("cluster", 0, choices::CLUSTER.iter().copied());
        brokers
    }

    /// The names of all topics.
    fn topics(&mut self, brokers: u32) -> Vec<String> {
        if self.draft.has("topic") {
            return self.written.topics.iter().map(|topic| topic.name.to_string()).collect();
        }
        let names = self.choose("topic", 0, choices::TOPICS);
        // What the brokers' default asks for, a topic can give.
        let needed = match self.written.broker.explicit("min.insync.replicas") {
            Some(Value::Int(needed)) => u32::try_from(needed).ok(),
            _ => None,
        };
        let most = brokers.min(choices::REPLICAS_MAX);
        let safe = self.spec.settings == Settings::Safe;
        for (name, ordinal) in names.iter().zip(0..) {
            self.draft.add("topic");
            self.set("topic", ordinal, "name", name);
            let partitions = self.number("topic.partitions", ordinal, self.spec.partitions);
            self.set("topic", ordinal, "partitions", &partitions.to_string());
            let least = if safe { 3 } else { 1 }.max(needed.unwrap_or(1)).min(most);
            let factor = self.number("topic.replication.factor", ordinal, Span { low: least, high: most });
            self.set("topic", ordinal, "replication.factor", &factor.to_string());
            if needed.is_none() {
                // One less than all: with all of them every fault would only end the writing.
                let range = match factor {
                    3.. if safe => Span { low: 2, high: factor - 1 },
                    factor if safe => Span { low: factor, high: factor },
                    factor => Span { low: 1, high: factor },
                };
                let min = self.number("topic.min.insync.replicas", ordinal, range);
                self.set("topic", ordinal, "min.insync.replicas", &min.to_string());
            }
        }
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// How long the fault phase takes.
    fn phases(&mut self) -> Duration {
        if self.draft.value("phases", "faults").is_some() {
            return self.written.phases.faults;
        }
        let seconds = self.choose("phases.faults", 0, choices::FAULT_SECONDS);
        self.set("phases", 0, "faults", &format!("{seconds}s"));
        Duration::from_secs(seconds)
    }

    fn producers(&mut self, topics: &[String], faults: Duration) {
        if self.draft.has("producer") {
            return;
        }
        let sync = self.draft.value("broker", "log.flush.interval.messages") == Some("1");
        let rates = if sync { choices::RATES_SYNC } else { choices::RATES };
        for ordinal in 0..self.choose("producer", 0, choices::PRODUCERS) {
            self.draft.add("producer");
            self.draft.set("producer", "topics", &format!("{topics:?}"));
            let rate = self.choose("producer.rate", ordinal, rates);
            self.set("producer", ordinal, "rate", &format!("{rate}/s"));
            // Enough for the fault phase.
            let records = (u128::from(rate) * faults.as_millis() / 1000).max(1);
            self.set("producer", ordinal, "records", &records.to_string());
            let promises = if ordinal == 0 { Settings::Safe } else { self.spec.settings };
            let settings = choices::both(choices::PRODUCER, choices::PRODUCER_ANY, promises);
            self.settings("producer", ordinal, settings);
        }
    }

    fn consumers(&mut self, topics: &[String]) {
        if self.draft.has("consumer") {
            return;
        }
        for ordinal in 0..self.choose("consumer", 0, choices::CONSUMERS) {
            self.draft.add("consumer");
            self.draft.set("consumer", "topics", &format!("{topics:?}"));
            self.settings("consumer", ordinal, choices::CONSUMER.iter().copied());
        }
    }

    fn nemeses(&mut self, brokers: u32, topic: &str) {
        if !self.draft.has("nemesis") {
            let kinds = &self.spec.kinds;
            let is_on =
                |kind: &&&'static Kind| self.choose(&format!("nemesis.{}", kind.name), 0, &[true, false]);
            let mut on: Vec<&'static Kind> = kinds.iter().filter(is_on).copied().collect();
            if on.is_empty() && !kinds.is_empty() {
                // A run without any fault would pass and show nothing.
                on.push(self.choose("nemesis", 0, kinds));
            }
            for kind in on {
                self.nemesis(kind, brokers, topic);
            }
        }
        match (self.draft.has("nemesis"), self.draft.has("limits")) {
            (true, false) => self.draft.set("limits", "contract", self.spec.contract.name()),
            // They would limit nothing.
            (false, true) => self.draft.remove("limits"),
            (true, true) | (false, false) => {}
        }
    }

    fn nemesis(&mut self, kind: &'static Kind, brokers: u32, topic: &str) {
        self.draft.add("nemesis");
        self.draft.set("nemesis", "kind", kind.name);
        // The limits may hold back all of its faults, or chance may aim them at nothing.
        self.draft.set("nemesis", "may_miss", "true");
        let mut keys = vec![("every", choices::every(kind))];
        match kind.length {
            Length::DownFor => keys.push(("down_for", choices::LASTS)),
            Length::Lasts => keys.push(("lasts", choices::LASTS)),
            Length::Instant => {}
        }
        keys.extend(choices::parameters(kind));
        let name = |key| format!("nemesis.{}.{key}", kind.name);
        let drawn =
            keys.into_iter().map(|(key, values)| (key, self.choose(&name(key), 0, values).to_owned()));
        let mut drawn: Vec<_> = drawn.filter(|(_, value)| value != choices::DEFAULT).collect();
        let (key, aim) = self.choose(&name("aim"), 0, choices::aims(kind, brokers));
        drawn.push((key, aim.replace("{}", topic)));
        for (key, value) in drawn {
            self.draft.set("nemesis", key, &value);
            self.values.insert(name(key), value);
        }
    }
}
