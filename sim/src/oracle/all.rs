//! All oracles, and what they found.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::iter;

use broker_core::types::{BrokerId, TopicPartition};

use super::properties::PROPERTIES;
use crate::checker::{Anomaly, SeenAt, Violation};
use crate::snapshot::{Observation, Observer};

/// Judges one property after each change.
pub trait Oracle {
    /// Looks at what changed, and at no more than it has to.
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings);
}

/// What the oracles found: of each property, topic partition and accused the first case and the last, and how many there
/// were. A first case that something excuses must not hide a last one that nothing does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    cases: BTreeMap<(Anomaly, TopicPartition, Option<BrokerId>), Cases>,
}

/// Those of one accused. All of them are counted, each in one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cases {
    first: Violation,
    last: Option<Violation>,
}

impl Findings {
    /// A property does not hold, by the state of `accused` if it is of one broker.
    pub fn add(
        &mut self,
        anomaly: Anomaly,
        topic_partition: &TopicPartition,
        accused: Option<BrokerId>,
        seen: Observation<'_>,
        summary: impl FnOnce() -> String,
    ) {
        let at = SeenAt { time_us: seen.time.0, event: seen.event };
        let violation = Violation { accused, ..Violation::of_state(anomaly, topic_partition, summary(), at) };
        match self.cases.entry((anomaly, topic_partition.clone(), accused)) {
            Entry::Vacant(entry) => {
                entry.insert(Cases { first: violation, last: None });
            }
            Entry::Occupied(entry) => {
                let last = &mut entry.into_mut().last;
                let count = last.as_ref().map_or(0, |last| last.count) + 1;
                *last = Some(Violation { count, ..violation });
            }
        }
    }

    /// By anomaly, then by topic partition, then by accused: the first case of each and the last, which share the count.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.cases.values().flat_map(|cases| iter::once(&cases.first).chain(&cases.last))
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

#[cfg(test)]
mod tests {
    use broker_core::types::Offset;

    use super::*;
    use crate::oracle::testing::Scene;

    #[test]
    fn the_first_case_of_an_accused_hides_neither_the_last_nor_that_of_another() {
        let mut scene = Scene::new();
        for (broker, high_watermark) in [(2, 7), (2, 8), (3, 7), (2, 9)] {
            scene.set(broker, |replica| replica.high_watermark = Offset(high_watermark));
        }
        let accused = [2, 2, 3].map(|broker| Some(BrokerId(broker)));
        assert_eq!(scene.accused(Anomaly::OrderedOffsets), accused);
        assert_eq!(scene.count(Anomaly::OrderedOffsets), 4, "all of them are counted, once");
    }
}
