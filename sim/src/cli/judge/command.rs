//! `cargo sim judge`: files in, exit code out.

use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::Path;

use super::super::args::Format;
use super::super::run::severity;
use super::super::{EXIT_USAGE, complain, print};
use super::args::{JudgeArguments, Origin};
use super::judgement::{Judgement, Refusal, judge as judge_source, refused};
use super::show;
use crate::history::jepsen::JepsenReader;
use crate::history::{JsonlReader, ReadError};

/// Bytes read at once.
const BUFFER: usize = 1 << 18;

/// Judges every history; the exit code is that of the worst.
pub(in crate::cli) fn judge(arguments: &JudgeArguments) -> u8 {
    let codes = arguments.paths.iter().map(|path| {
        let judged = judge_path(path, arguments.from);
        for warning in judged.iter().flat_map(|judgement| &judgement.warnings) {
            complain(&format!("warning: {}: {warning}\n", path.display()));
        }
        match (&judged, arguments.format) {
            (Ok(judgement), Format::Human) => print(&show::human(judgement)),
            (Ok(judgement), Format::Json) => print(&show::json(judgement)),
            (Err(refusal), Format::Human) => complain(&show::refusal(refusal)),
            (Err(refusal), Format::Json) => print(&show::json(&show::Refused { error: refusal })),
        }
        judged.map_or(EXIT_USAGE, |judgement| judgement.verdict.exit_code())
    });
    codes.max_by_key(|code| severity(*code)).unwrap_or(0)
}

fn judge_path(path: &Path, from: Option<Origin>) -> Result<Judgement, Refusal> {
    if path == Path::new("-") {
        return judge_input("standard input", stdin().lock(), from.unwrap_or(Origin::Jsonl));
    }
    let file = if path.is_dir() { path.join("history.jsonl") } else { path.to_owned() };
    let name = file.display().to_string();
    let input = File::open(&file).map_err(|error| Refusal {
        place: name.clone(),
        reason: format!("cannot be read: {error}"),
        help: "give a history, or a run directory such as reports/NAME/SEED".to_owned(),
    })?;
    let is_edn = file.extension().is_some_and(|extension| extension == "edn");
    let from = from.unwrap_or(if is_edn { Origin::Jepsen } else { Origin::Jsonl });
    judge_input(&name, BufReader::with_capacity(BUFFER, input), from)
}

fn judge_input(name: &str, input: impl BufRead, from: Origin) -> Result<Judgement, Refusal> {
    match from {
        Origin::Jsonl => {
            let source = JsonlReader::new(input).map_err(|error: ReadError| refused(name, error))?;
            judge_source(name, source)
        }
        Origin::Jepsen => judge_source(name, JepsenReader::new(input)),
    }
}
