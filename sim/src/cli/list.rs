//! `cargo sim check` and `cargo sim list`.

use std::io::stderr;
use std::path::PathBuf;

use serde_json::json;

use super::args::{CheckArguments, Format, ListArguments};
use super::{EXIT_USAGE, color, print};
use crate::scenario::{self, Diagnostics, ExpectedVerdict, Scenario};
use crate::verdict::Verdict;

/// Loads every scenario of `paths`, or says everything that is wrong with any of them.
pub(super) fn load_all(paths: &[PathBuf]) -> Result<Vec<Scenario>, Diagnostics> {
    let mut scenarios = Vec::new();
    let mut problems: Option<Diagnostics> = None;
    for path in scenario::discover(paths)? {
        match scenario::load(&path) {
            Ok(scenario) => scenarios.push(scenario),
            Err(found) => match &mut problems {
                Some(problems) => problems.merge(found),
                None => problems = Some(found),
            },
        }
    }
    problems.map_or(Ok(scenarios), Err)
}

/// Prints what is wrong, in the way that was asked for; the exit code.
pub(super) fn refuse(problems: &Diagnostics, format: Format) -> u8 {
    match format {
        Format::Human => super::complain(&problems.render(color(&stderr()))),
        Format::Json => print(&format!("{}\n", problems.to_json())),
    }
    EXIT_USAGE
}

/// `cargo sim check`.
pub(super) fn check(arguments: &CheckArguments) -> u8 {
    match load_all(&arguments.paths) {
        Err(problems) => refuse(&problems, arguments.format),
        Ok(scenarios) if scenarios.is_empty() => nothing_selected(&arguments.paths),
        Ok(scenarios) => {
            match arguments.format {
                Format::Human => print(&format!("{} scenarios are sound\n", scenarios.len())),
                Format::Json => print("[]\n"),
            }
            0
        }
    }
}

/// `cargo sim list`.
pub(super) fn list(arguments: &ListArguments) -> u8 {
    let scenarios = match load_all(&arguments.paths) {
        Ok(scenarios) if scenarios.is_empty() => return nothing_selected(&arguments.paths),
        Ok(scenarios) => scenarios,
        Err(problems) => return refuse(&problems, arguments.format),
    };
    let width = scenarios.iter().map(|scenario| scenario.path.len()).max().unwrap_or(0);
    for scenario in &scenarios {
        let expects = expectation(&scenario.expect.verdict);
        match arguments.format {
            Format::Human => {
                let story = scenario.story.split_whitespace().collect::<Vec<_>>().join(" ");
                let first = story.split_inclusive(". ").next().unwrap_or("").trim_end();
                print(&format!("{:width$}  {expects:<22}  {first}\n", scenario.path));
            }
            Format::Json => {
                let (path, name, story) = (&scenario.path, &scenario.name, &scenario.story);
                let row = json!({ "path": path, "name": name, "expects": expects, "story": story });
                print(&format!("{row}\n"));
            }
        }
    }
    0
}

/// Nothing to do is no success: exit code 4.
pub(super) fn nothing_selected(paths: &[PathBuf]) -> u8 {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    super::complain(&format!("vacuous: no scenario in {}\n", paths.join(", ")));
    Verdict::Vacuous.exit_code()
}

fn expectation(expected: &ExpectedVerdict) -> String {
    match expected {
        ExpectedVerdict::Pass => "pass".to_owned(),
        ExpectedVerdict::Vacuous => "vacuous".to_owned(),
        ExpectedVerdict::Liveness => "liveness".to_owned(),
        ExpectedVerdict::Violation(anomalies) => {
            anomalies.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
        }
    }
}
