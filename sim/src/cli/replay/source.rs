//! What to run: from a run directory the text that it recorded, from a scenario the scenario.

use std::fs;
use std::io::stderr;
use std::path::Path;

use super::super::color;
use super::args::ReplayArguments;
use crate::report::{Hashes, RunDir};
use crate::scenario::{self, Diagnostics, Scenario};
use crate::seed::Seed;

/// What to run, and what it is to be compared with.
pub(super) struct Source {
    pub scenario: Scenario,
    pub seed: Seed,
    pub recorded: Option<Recorded>,
}

/// A run that was recorded.
pub(super) struct Recorded {
    pub run: RunDir,
    /// The hash of the scenario's file now, if there still is one.
    pub file_hash: Option<String>,
    /// Why the file is not what runs, if it is not.
    pub instead: Option<String>,
}

/// Finds out, or says in whole lines why nothing can be run.
pub(super) fn source(arguments: &ReplayArguments) -> Result<Source, String> {
    let path = &arguments.path;
    let source = if RunDir::is_meant(path) || path.is_dir() {
        let run = RunDir::read(path).map_err(|error| format!("error: {error}\n"))?;
        of_run(run, arguments.seed)?
    } else {
        let scenario = scenario::load(path).map_err(|problems| text(&problems))?;
        let seed = arguments.seed.or(scenario.seed).unwrap_or(Seed(1));
        Source { scenario, seed, recorded: None }
    };
    if let (Some(reports), Some(recorded)) = (&arguments.reports, &source.recorded) {
        unharmed(reports, &source, &recorded.run)?;
    }
    Ok(source)
}

fn of_run(run: RunDir, asked: Option<Seed>) -> Result<Source, String> {
    let seed = Seed(run.report.seed);
    if let Some(other) = asked.filter(|asked| *asked != seed) {
        let (directory, path) = (run.path.display(), &run.report.scenario.path);
        return Err(format!(
            "error: {directory} is a run of seed {seed}, not {other} (--seed or SIM_SEED)\nhelp: another seed is another run: cargo sim \
             replay {path} --seed {other}\n"
        ));
    }
    let (file, hash) = (Path::new(&run.report.scenario.path), &run.report.hashes.scenario);
    let now = fs::read_to_string(file).ok();
    let file_hash = now.as_deref().map(|text| Hashes::of(text).scenario);
    let why = match (&now, &file_hash) {
        (Some(source), Some(now)) if now == hash => {
            match scenario::parse(&run.report.scenario.path, source) {
                Ok(scenario) => {
                    let recorded = Recorded { run, file_hash, instead: None };
                    return Ok(Source { scenario, seed, recorded: Some(recorded) });
                }
                Err(_) => format!("{} is as it was, but no scenario to this build", file.display()),
            }
        }
        (_, Some(now)) => format!("{} has changed (recorded {hash}, now {now})", file.display()),
        _ if file.exists() => format!("{} cannot be read", file.display()),
        _ => format!("{} is gone", file.display()),
    };
    let script = run.path.join("scenario.resolved.toml").display().to_string();
    let scenario = scenario::parse(&script, &run.script).map_err(|problems| text(&problems))?;
    let instead = Some(format!("{why}: runs {script}"));
    Ok(Source { scenario, seed, recorded: Some(Recorded { run, file_hash, instead }) })
}

/// A report of the replay must not take the place of the record.
fn unharmed(reports: &Path, source: &Source, run: &RunDir) -> Result<(), String> {
    let place = reports.join(&source.scenario.name).join(source.seed.to_string());
    match (fs::canonicalize(&place), fs::canonicalize(&run.path)) {
        (Ok(place), Ok(recorded)) if place == recorded => Err(format!(
            "error: a report in {} would replace the recorded run {}\nhelp: choose another --reports\n",
            reports.display(),
            run.path.display()
        )),
        _ => Ok(()),
    }
}

fn text(problems: &Diagnostics) -> String {
    problems.render(color(&stderr()))
}
