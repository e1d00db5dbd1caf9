//! All oracles, and what they found.

use std::collections::BTreeMap;

use broker_core::types::TopicPartition;

use super::properties::PROPERTIES;
use crate::checker::{Anomaly, SeenAt, Violation};
use crate::snapshot::{Observation, Observer};

/// Judges one property after each change.
pub trait Oracle {
    /// Looks at what changed, and at no more than it has to.
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings);
}

/// What the oracles found: of each property and topic partition the first case, and how many there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    violations: BTreeMap<(Anomaly, TopicPartition), Violation>,
}

impl Findings {
    /// A property does not hold.
    pub fn add(
        &mut self,
        anomaly: Anomaly,
        topic_partition: &TopicPartition,
        seen: Observation<'_>,
        summary: impl FnOnce() -> String,
    ) {
        let key = (anomaly, topic_partition.clone());
        let new = || {
            let seen = SeenAt { time_us: seen.time.0, event: seen.event };
            Violation { count: 0, ..Violation::of_state(anomaly, topic_partition, summary(), seen) }
        };
        self.violations.entry(key).or_insert_with(new).count += 1;
    }

    /// By anomaly, then by topic partition.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.violations.values()
    }
}

/// Every oracle of state, in the order of [`PROPERTIES`].
pub struct Oracles {
    oracles: Vec<Box<dyn Oracle>>,
    findings: Findings,
    observations: u64,
}

impl Default for Oracles {
    fn default() -> Oracles {
        let oracles = PROPERTIES.iter().map(|property| (property.oracle)()).collect();
        Oracles { oracles, findings: Findings::default(), observations: 0 }
    }
}

impl Oracles {
    /// What was found so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// How many changes were looked at: oracles that were never asked have shown nothing.
    pub fn observations(&self) -> u64 {
        self.observations
    }
}

impl Observer for Oracles {
    fn observe(&mut self, seen: Observation<'_>) {
        self.observations += 1;
        for oracle in &mut self.oracles {
            oracle.observe(seen, &mut self.findings);
        }
    }
}
