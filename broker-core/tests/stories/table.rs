//! The table of rules in `broker-core/README.md` names every story and every file it speaks of, and stories open with their
//! intent.

use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};

use crate::{directory, scripts};

pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("every_story_opens_with_its_intent", || check(&intents())),
        Trial::test("the_table_of_rules_and_the_stories_agree", || check(&stories())),
        Trial::test("every_rule_has_a_source_a_file_and_a_story", || check(&rules())),
    ]
}

fn check(problems: &[String]) -> Result<(), Failed> {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

fn crate_root() -> PathBuf {
    directory().parent().expect("stories lie in the crate").to_owned()
}

fn readme() -> String {
    std::fs::read_to_string(crate_root().join("README.md")).expect("the crate has a README.md")
}

/// A story begins with a comment that is at least one sentence.
fn intents() -> Vec<String> {
    let opens = |script: &String| {
        let text = std::fs::read_to_string(directory().join(script)).unwrap_or_default();
        let lines = text.lines().map_while(|line| line.strip_prefix("# "));
        let comment = lines.collect::<Vec<_>>().join(" ");
        comment.starts_with(char::is_uppercase) && comment.ends_with('.')
    };
    let silent = scripts().into_iter().filter(|script| !opens(script));
    silent.map(|script| format!("{script} does not open with a sentence of intent")).collect()
}

/// Stories the README links to, and stories there are.
fn stories() -> Vec<String> {
    let readme = readme();
    let linked: Vec<&str> =
        readme.split("](stories/").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let there = scripts();
    let missing = linked.iter().filter(|link| !there.iter().any(|script| script == *link));
    let unlisted = there.iter().filter(|script| !linked.contains(&script.as_str()));
    missing
        .map(|link| format!("README.md links to stories/{link}, which is not there"))
        .chain(unlisted.map(|script| format!("stories/{script} is in no row of README.md")))
        .collect()
}

/// Rows are `| rule | source | files | stories |`: no cell is empty, each file in backticks is in `src`, and a story is a
/// script, or a Rust test that is in the file it links to.
fn rules() -> Vec<String> {
    let readme = readme();
    let (rules, _) = readme.split_once("## What the tests reach").expect("the rules come first");
    let rows = rules.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| rule |"));
    let rows: Vec<Vec<&str>> =
        rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect();
    let mut problems = Vec::new();
    for row in &rows {
        let [rule, source, files, stories] = row[..] else {
            problems.push(format!("{} cells instead of 4: {row:?}", row.len()));
            continue;
        };
        if [rule, source, files].contains(&"") || !stories.contains("](") {
            problems.push(format!("something is missing: {rule}"));
        }
        let missing =
            files.split('`').skip(1).step_by(2).filter(|file| !crate_root().join("src").join(file).exists());
        problems.extend(missing.map(|file| format!("{rule}: there is no src/{file}")));
        problems.extend(tests_missing(stories).map(|test| format!("{rule}: there is no test {test}")));
    }
    if rows.is_empty() {
        problems.push("the table has no rows".to_owned());
    }
    problems
}

/// Links of the form `[test name](src/file.rs)` that lead nowhere.
fn tests_missing(cell: &str) -> impl Iterator<Item = String> {
    cell.split('[').skip(1).filter_map(|link| {
        let (name, rest) = link.split_once("](")?;
        let path = rest.split(')').next()?;
        let text = path.starts_with("src/").then(|| std::fs::read_to_string(crate_root().join(path)));
        let found = text.is_none_or(|text| text.is_ok_and(|text| text.contains(&format!("fn {name}("))));
        (!found).then(|| format!("{name} in {path}"))
    })
}
