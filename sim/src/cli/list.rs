//! `cargo sim check` and `cargo sim list`.

use std::io::stderr;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::{CheckArguments, Format, ListArguments};
use super::{EXIT_USAGE, color, print};
use crate::scenario::{self, Diagnostics, Scenario};
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
    match problems {
        Some(problems) => Err(problems),
        None => scenario::distinct(&scenarios).map(|()| scenarios),
    }
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
                Format::Human => print(&match scenarios.len() {
                    1 => "1 scenario is sound\n".to_owned(),
                    count => format!("{count} scenarios are sound\n"),
                }),
                Format::Json => print("[]\n"),
            }
            0
        }
    }
}

/// `cargo sim list`.
pub(super) fn list(arguments: &ListArguments) -> u8 {
    let mut scenarios = match load_all(&arguments.paths) {
        Ok(scenarios) if scenarios.is_empty() => return nothing_selected(&arguments.paths),
        Ok(scenarios) => scenarios,
        Err(problems) => return refuse(&problems, arguments.format),
    };
    // What stands beside a folder may come between its files.
    scenarios.sort_by(|one, other| split(one).cmp(&split(other)));
    match arguments.format {
        Format::Human => print(&by_folder(&scenarios)),
        Format::Json => {
            for scenario in &scenarios {
                let (path, name, story) = (&scenario.path, &scenario.name, &scenario.story);
                let (group, expects) = (split(scenario).0, scenario.expect.verdict.to_string());
                let row =
                    json!({ "path": path, "group": group, "name": name, "expects": expects, "story": story });
                print(&format!("{row}\n"));
            }
        }
    }
    0
}

/// A line per scenario with the first sentence of its story, below a line per folder.
fn by_folder(scenarios: &[Scenario]) -> String {
    let width = scenarios.iter().map(|scenario| split(scenario).1.len()).max().unwrap_or(0);
    let mut text = String::new();
    for group in scenarios.chunk_by(|one, other| split(one).0 == split(other).0) {
        text.push_str(&format!("{}/\n", split(&group[0]).0));
        for scenario in group {
            let (file, expects) = (split(scenario).1, scenario.expect.verdict.to_string());
            let story = scenario.story.split_whitespace().collect::<Vec<_>>().join(" ");
            let first = story.split_inclusive(". ").next().unwrap_or("").trim_end();
            text.push_str(&format!("  {file:width$}  {expects:<22}  {first}\n"));
        }
    }
    text
}

/// The folder and the file.
fn split(scenario: &Scenario) -> (&str, &str) {
    let path = Path::new(&scenario.path);
    let folder = path.parent().and_then(Path::to_str).filter(|folder| !folder.is_empty()).unwrap_or(".");
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or(&scenario.path);
    (folder, file)
}

/// Nothing to do is no success: exit code 4.
pub(super) fn nothing_selected(paths: &[PathBuf]) -> u8 {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    super::complain(&format!("vacuous: no scenario in {}\n", paths.join(", ")));
    Verdict::Vacuous.exit_code()
}
