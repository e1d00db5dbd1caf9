//! `cargo sim explain RUN_DIR`: reads what the run left behind, and tells how it came to what it found.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufReader, stdout};
use std::path::Path;

use super::super::args::Format;
use super::super::{EXIT_USAGE, color, complain, print};
use super::args::ExplainArguments;
use super::words;
use crate::explain::{self, Explanation};
use crate::history::History;
use crate::language::{Group, lookup};
use crate::report::{RunDir, one_line};
use crate::trace::Trace;

/// `cargo sim explain`: of a run if that is what is named, or else of words.
pub(in crate::cli) fn explain(arguments: &ExplainArguments) -> u8 {
    let is_run = |word: &String| is_run(Path::new(word), word);
    let wants_record = arguments.record.is_some() || arguments.offset.is_some();
    let told = match arguments.words.as_slice() {
        [path] if is_run(path) || wants_record => run(Path::new(path), arguments),
        words if wants_record => Err(format!(
            "error: a record is one of a run, and {} were named\nhelp: cargo sim explain reports/latest --record 0/12\n",
            words.len()
        )),
        words if words.iter().any(is_run) => {
            Err("error: a run directory is explained by itself\nhelp: give one directory, or words\n"
                .to_owned())
        }
        _ => return words::words(arguments),
    };
    told.map_or_else(
        |problem| {
            complain(&problem);
            EXIT_USAGE
        },
        |text| {
            print(&text);
            0
        },
    )
}

/// Words of the language are never meant as directories, whatever lies around here.
fn is_run(path: &Path, word: &str) -> bool {
    let is_word = lookup(word).is_ok() || Group::ALL.into_iter().any(|group| group.name() == word);
    !is_word && (RunDir::is_meant(path) || path.is_dir() || word.contains('/'))
}

/// What was asked for of the run in this directory.
fn run(path: &Path, arguments: &ExplainArguments) -> Result<String, String> {
    let run = RunDir::read(path).map_err(problem)?;
    let file = |name: &str| {
        let path = run.path.join(name);
        let file =
            File::open(&path).map_err(|error| format!("error: cannot read {}: {error}\n", path.display()))?;
        Ok::<_, String>((BufReader::new(file), path))
    };
    let (input, path) = file("history.jsonl")?;
    let history = History::read_jsonl(input).map_err(|error| at(&path, &error))?;
    let (input, path) = file("trace.jsonl")?;
    let read = Trace::read_jsonl(input).map_err(|error| at(&path, &error))?;
    let (there, counted) = (read.events(), run.report.trace_events.values().sum::<u64>());
    if there != counted {
        let line = there + 1;
        return Err(at(&path, &format!("line {line}: the file ends here, and the run had {counted} events")));
    }
    if !read.unknown.is_empty() {
        let names: Vec<&str> = read.unknown.keys().map(String::as_str).collect();
        let (path, names) = (path.display(), names.join(", "));
        complain(&format!("warning: {path}: passed over events that this build does not know: {names}\n"));
    }
    let trace = &read.trace;
    let one = |finding| Explanation { findings: vec![finding] };
    let told = match (arguments.record, &arguments.partition, arguments.offset) {
        (Some(message), _, _) => explain::explain_message(&history, trace, message).map(one),
        (_, Some(partition), Some(offset)) => {
            explain::explain_offset(&history, trace, partition, offset).map(one)
        }
        _ => Ok(explain::explain(&history, trace, &run.report.violations)),
    };
    let told = told.map_err(problem)?;
    Ok(match arguments.format {
        Format::Json => told.findings.iter().map(json).collect(),
        Format::Human => {
            let heading = one_line(&run.report, color(&stdout()));
            let mut lines = told.lines();
            if lines.is_empty() {
                lines.push(
                    "nothing to explain; --record CLIENT/ORDINAL tells the life of any message".to_owned(),
                );
            }
            format!("{heading}\n\n{}\n", lines.join("\n"))
        }
    })
}

fn json(finding: &explain::Finding) -> String {
    format!("{}\n", serde_json::to_string(finding).expect("every finding serializes"))
}

fn problem(problem: impl Display) -> String {
    format!("error: {problem}\n")
}

fn at(path: &Path, problem: &impl Display) -> String {
    format!("error: {}: {problem}\n", path.display())
}
