//! What is measured.

use std::path::Path;

use sim::run::{Interrupt, RunOutput, run};
use sim::scenario::{Scenario, load};
use sim::seed::Seed;

/// File, and how many seeds make one repetition: enough of them that a swarm's luck evens out.
const FILES: [(&str, u64); 3] = [
    ("benches/scenarios/reference-swarm.toml", 12),
    ("benches/scenarios/dense.toml", 2),
    ("../scenarios/crash/leader-killed.toml", 6),
];

/// A scenario to measure.
pub struct Reference {
    pub scenario: Scenario,
    pub seeds: u64,
}

impl Reference {
    pub fn name(&self) -> &str {
        &self.scenario.name
    }

    /// Whether it is made for sweeps.
    pub fn is_swept(&self) -> bool {
        self.scenario.swarm.is_some()
    }

    /// # Errors
    /// If the run did not go as the scenario expects: then there is nothing to measure.
    pub fn run(&self, seed: u64) -> Result<RunOutput, String> {
        let output = run(&self.scenario, Seed(seed), &Interrupt::new(false));
        if output.report.as_expected {
            Ok(output)
        } else {
            Err(format!("{} with seed {seed} ended as {:?}", self.name(), output.report.verdict))
        }
    }

    /// What one seed makes of it, with a fault phase and a workload so many times as long.
    pub fn longer(&self, seed: u64, times: u32) -> Reference {
        let (mut scenario, _) = self.scenario.draw(Seed(seed));
        // Drawn once is enough: a second time would begin from the file again.
        scenario.swarm = None;
        scenario.phases.faults *= times;
        for producer in &mut scenario.producers {
            producer.records *= u64::from(times);
        }
        Reference { scenario, seeds: 1 }
    }
}

/// Every reference scenario.
pub fn all() -> Vec<Reference> {
    let of_file = |(file, seeds): (&str, u64)| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        Reference { scenario: load(&path).unwrap_or_else(|problems| panic!("{problems}")), seeds }
    };
    FILES.map(of_file).into()
}

/// The one of this name.
pub fn named(name: &str) -> Reference {
    let found = all().into_iter().find(|reference| reference.name() == name);
    found.unwrap_or_else(|| panic!("{name:?} is none of {}", names()))
}

/// All their names.
pub fn names() -> String {
    all().iter().map(Reference::name).collect::<Vec<_>>().join(", ")
}
