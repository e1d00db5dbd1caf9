//! What is to be shrunk: a run directory, or a scenario and a seed.

use super::super::color;
use super::super::environment::{Stopwatch, build_hash};
use super::super::interrupts::INTERRUPT;
use super::ShrinkArguments;
use crate::report::{RunDir, RunReport};
use crate::scenario::{self, Scenario};
use crate::seed::Seed;
use crate::shrink::{NotBegun, script_of};
use crate::sweep::result::TIMEOUT;
use crate::verdict::Verdict;

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
        if let Some(why) = nothing_to_shrink(&report) {
            return Err(format!("nothing to shrink: the run in {} came to {why}", path.display()));
        }
        let seed = Seed(report.seed);
        if arguments.seed.is_some_and(|asked| asked != seed) {
            let (path, scenario) = (path.display(), &report.scenario.path);
            return Err(format!(
                "{path} is a run of seed {seed}: leave `--seed` and SIM_SEED out, or name the scenario, {scenario}"
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
    pub fn script(&self) -> Result<Scenario, NotBegun> {
        let (scenario, seed) = (&self.scenario, self.seed);
        if self.recorded.is_none() {
            return script_of(scenario, seed, &INTERRUPT);
        }
        let read = scenario::parse(&scenario.path, &scenario.to_toml());
        read.map_err(|problems| NotBegun::Unreadable(text(&problems)))
    }
}

/// Why there is nothing to shrink with this build, if so.
pub(super) fn differs(start: &Start, report: &RunReport) -> Option<String> {
    let came_to =
        |report: &RunReport| report.signature.clone().unwrap_or_else(|| format!("`{}`", report.verdict));
    let Some(recorded) = &start.recorded else {
        let (path, seed) = (&start.scenario.path, start.seed);
        return nothing_to_shrink(report)
            .map(|why| format!("nothing to shrink: {path} with seed {seed} comes to {why}"));
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

/// What a run came to, and what to do instead, if no smaller case of it can be found.
fn nothing_to_shrink(report: &RunReport) -> Option<String> {
    let (verdict, seed) = (report.verdict, report.seed);
    let path = &report.scenario.path;
    let passes = |signature: &str| {
        format!(
            "`{signature}`: what should fail does not, and the smallest run that does not fail is an empty one\n\
             help: mend the scenario or what it expects; `cargo sim sweep {path}` shows which seeds still fail"
        )
    };
    match report.signature.as_deref() {
        None if verdict == Verdict::Pass && !report.as_expected => {
            Some(passes(&format!("pass where {} was expected", report.expected)))
        }
        None => Some(format!("`{verdict}`, which is no failure")),
        Some(TIMEOUT) => Some(format!(
            "`{TIMEOUT}`: how long a run takes depends on the machine\n\
             help: run it with more time, or see what it does until then: cargo sim replay {path} --seed {seed} --until TIME"
        )),
        Some("nondeterminism") => Some(format!(
            "`nondeterminism`: no two runs of it can be compared\n\
             help: see the first event that differs: cargo sim run {path} --seed {seed} --check-determinism"
        )),
        Some(signature) if signature.starts_with("pass where ") => Some(passes(signature)),
        Some(_) if verdict == Verdict::Vacuous => Some(format!(
            "`{verdict}`: it shows nothing, and a smaller run shows no more\n\
             help: change what the scenario hits or waits for, or say `may_miss`: cargo sim run {path} --seed {seed} \
             says what was in vain"
        )),
        Some(_) => None,
    }
}

fn text(problems: &scenario::Diagnostics) -> String {
    problems.render(color(&std::io::stderr())).trim_end().to_owned()
}

/// The name without what scripts append to it.
fn plain(name: &str) -> String {
    name.strip_suffix(".resolved").unwrap_or(name).to_owned()
}
