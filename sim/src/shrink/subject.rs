//! What is shrunk, and how large it is.

use std::time::Duration;

use serde::Serialize;

use crate::report::RunReport;
use crate::scenario::Scenario;

/// A scenario that fails, and what came of its run.
///
/// * The scenario has no random nemeses and no swarm, and its `seed` is the one it ran with.
/// * The report is that of running exactly this scenario.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What ran.
    pub scenario: Scenario,
    /// What came of it.
    pub report: RunReport,
}

impl Subject {
    /// How long after the beginning of the fault phase a time of the report is.
    pub fn into_phase(&self, time_us: u64) -> Duration {
        let phase = self.report.phases.iter().find(|phase| phase.name == "faults");
        let began = phase.map_or(0, |phase| phase.started_us);
        Duration::from_micros(time_us.saturating_sub(began))
    }

    /// How large it is.
    pub fn size(&self) -> Size {
        let Scenario { topics, producers, consumers, broker, .. } = &self.scenario;
        let properties = topics.iter().map(|topic| topic.properties.iter().count());
        let properties = properties.chain(producers.iter().map(|one| one.properties.iter().count()));
        let properties = properties.chain(consumers.iter().map(|one| one.properties.iter().count()));
        let text = Scenario { story: String::new(), ..self.scenario.clone() }.to_toml();
        Size {
            faults: self.scenario.plan.faults.len(),
            lines: text.lines().filter(|line| !line.is_empty()).count(),
            brokers: self.scenario.cluster.brokers,
            clients: producers.len() + consumers.len(),
            records: producers.iter().map(|producer| producer.records).sum(),
            properties: broker.iter().count() + properties.sum::<usize>(),
            simulated_ms: self.report.phases.last().map_or(0, |phase| phase.ended_us) / 1000,
            trace_events: self.report.trace_events.values().sum(),
        }
    }
}

/// How large a scenario and its run are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Faults.
    pub faults: usize,
    /// Lines of the scenario, without its story, comments and empty ones.
    pub lines: usize,
    /// Brokers.
    pub brokers: u32,
    /// Producers and consumers.
    pub clients: usize,
    /// Records that producers send, at most.
    pub records: u64,
    /// Kafka properties that are not left at their defaults.
    pub properties: usize,
    /// How long the run takes, in simulated milliseconds.
    pub simulated_ms: u64,
    /// Events of its trace.
    pub trace_events: u64,
}

impl Size {
    /// Each number, with its name for people.
    pub fn rows(&self) -> [(&'static str, String); 8] {
        [
            ("faults", self.faults.to_string()),
            ("lines", self.lines.to_string()),
            ("brokers", self.brokers.to_string()),
            ("clients", self.clients.to_string()),
            ("records", self.records.to_string()),
            ("properties", self.properties.to_string()),
            ("simulated", format!("{}.{:03}s", self.simulated_ms / 1000, self.simulated_ms % 1000)),
            ("trace events", self.trace_events.to_string()),
        ]
    }
}
