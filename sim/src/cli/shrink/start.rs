//! What is to be shrunk: a run directory, or a scenario and a seed.

use std::panic::catch_unwind;

use super::super::color;
use super::super::environment::{Stopwatch, build_hash};
use super::super::interrupts::INTERRUPT;
use super::ShrinkArguments;
use crate::report::{RunDir, RunReport};
use crate::run::run;
use crate::scenario::{self, Scenario};
use crate::seed::Seed;

/// Where it begins.
pub(super) struct Start {
    /// What runs: a script, or a scenario that a run makes one of.
    scenario: Scenario,
    seed: Seed,
    /// The `name` of the scenario in which it was found.
    pub found_in: String,
    /// What the run directory says.
    pub recorded: Option<RunReport>,
}

impl Start {
    /// Reads what was named.
    pub fn read(arguments: &ShrinkArguments) -> Result<Start, String> {
        let path = &arguments.path;
        let of_scenario = path.extension().is_some_and(|extension| extension == "toml") && path.is_file();
        if of_scenario {
            let scenario = scenario::load(path).map_err(|problems| text(&problems))?;
            let seed = arguments.seed.or(scenario.seed).unwrap_or(Seed(1));
            return Ok(Start { found_in: plain(&scenario.name), scenario, seed, recorded: None });
        }
        let directory = RunDir::read(path).map_err(|error| error.to_string())?;
        let report = directory.report;
        if report.signature.is_none() {
            return Err(format!(
                "nothing to shrink: the run in {} came to `{}`",
                path.display(),
                report.verdict
            ));
        }
        let seed = Seed(report.seed);
        if arguments.seed.is_some_and(|asked| asked != seed) {
            let (path, scenario) = (path.display(), &report.scenario.path);
            return Err(format!(
                "{path} is a run of seed {seed}: leave `--seed` out, or name the scenario, {scenario}"
            ));
        }
        let file = directory.path.join("scenario.resolved.toml").display().to_string();
        let script = scenario::parse(&file, &directory.script).map_err(|problems| text(&problems))?;
        Ok(Start { found_in: plain(&report.scenario.name), scenario: script, seed, recorded: Some(report) })
    }

    /// Its seed.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// The script to shrink, as it is read.
    pub fn script(&self) -> Result<Scenario, String> {
        let (scenario, seed) = (&self.scenario, self.seed);
        let script = if self.recorded.is_some() {
            scenario.clone()
        } else {
            let output = catch_unwind(|| run(scenario, seed, &INTERRUPT));
            output.map_err(|_| format!("the harness itself panicked in {}", scenario.path))?.script
        };
        scenario::parse(&scenario.path, &script.to_toml()).map_err(|problems| text(&problems))
    }
}

/// Why there is nothing to shrink with this build, if so.
pub(super) fn differs(start: &Start, report: &RunReport) -> Option<String> {
    let came_to =
        |report: &RunReport| report.signature.clone().unwrap_or_else(|| format!("`{}`", report.verdict));
    let Some(recorded) = &start.recorded else {
        return report.signature.is_none().then(|| {
            format!(
                "nothing to shrink: {} with seed {} comes to {}",
                start.scenario.path,
                start.seed,
                came_to(report)
            )
        });
    };
    if recorded.signature == report.signature {
        return None;
    }
    let mut text = format!(
        "the recorded run came to {}, and this build runs it to {}",
        came_to(recorded),
        came_to(report)
    );
    let ours = Stopwatch::start().env();
    let unknown = || "an unknown one".to_owned();
    if recorded.env.build_hash != *build_hash() || recorded.env.lock_hash != ours.lock_hash {
        text += &format!(
            "\nhelp: it was recorded by another build, of commit {}; this one is of commit {}: check that one out, or run \
             the seed again: cargo sim run {} --seed {}",
            recorded.env.git_commit.clone().unwrap_or_else(unknown),
            ours.git_commit.unwrap_or_else(unknown),
            recorded.scenario.path,
            recorded.seed
        );
    } else {
        text += "\nhelp: it is the same build, so scenario.resolved.toml was changed, or the run is not deterministic: see \
                 cargo sim run --check-determinism";
    }
    Some(text)
}

fn text(problems: &scenario::Diagnostics) -> String {
    problems.render(color(&std::io::stderr())).trim_end().to_owned()
}

/// The name without what scripts append to it.
fn plain(name: &str) -> String {
    name.strip_suffix(".resolved").unwrap_or(name).to_owned()
}
