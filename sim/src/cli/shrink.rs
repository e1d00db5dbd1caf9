//! `cargo sim shrink`.

mod output;
mod start;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::args::Format;
use super::environment::jobs;
use super::interrupts::{INTERRUPT, watch_for_interrupts};
use super::new::schema_from;
use super::{EXIT_USAGE, complain};
use crate::scenario;
use crate::seed::Seed;
use crate::shrink::{Left, Limits, NotBegun, Record, Stopped, Trials, necessity, shrink as search};
use crate::verdict::Verdict;
use output::{Place, Summary, Watcher};
use start::{Start, differs};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ShrinkArguments {
    /// The directory of a run that failed, or a scenario that fails with `--seed`.
    #[arg(value_name = "RUN_DIR|SCENARIO")]
    pub path: PathBuf,
    /// The seed, for a scenario: otherwise its own `seed`, or 1. A run directory has its seed.
    #[arg(long, env = "SIM_SEED", allow_hyphen_values = true)]
    pub seed: Option<Seed>,
    /// Where to write the result. Otherwise scenarios/regressions/SCENARIO-SEED-FAILURE.toml.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long)]
    pub force: bool,
    /// Runs at a time; otherwise as many as there are processors. The result does not depend on it.
    #[arg(long, env = "SIM_JOBS")]
    pub jobs: Option<NonZeroUsize>,
    /// Stop after this time, such as 90s or 10m, with what there is.
    #[arg(long, value_name = "TIME", value_parser = scenario::duration)]
    pub budget: Option<Duration>,
    /// Stop after so many runs, with what there is.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_runs: Option<u64>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

const EXAMPLES: &str = "\
Examples:
  cargo sim shrink reports/latest
  cargo sim shrink scenarios/random/beyond-contract.toml --seed 7 --budget 10m
  cargo sim shrink reports/beyond-contract/7 --out /tmp/small.toml --max-runs 200

A run that passes cannot be shrunk, and neither can one that this build runs to another end: both end with 2.";

/// Shrinks, writes, checks what was written, and says what came of it.
pub(super) fn shrink(arguments: &ShrinkArguments) -> u8 {
    match attempt(arguments) {
        Ok(code) => code,
        Err(problem) => {
            complain(&format!("error: {problem}\n"));
            EXIT_USAGE
        }
    }
}

fn attempt(arguments: &ShrinkArguments) -> Result<u8, String> {
    let start = Start::read(arguments)?;
    // Better now than after an hour; but without a record nobody knows yet what the failure is called.
    let known = start.recorded.as_ref().map(|report| report.signature.clone());
    let place = match (&arguments.out, &known) {
        (Some(_), _) | (None, Some(_)) => {
            Some(Place::find(arguments, &start, known.flatten().as_deref().unwrap_or(""))?)
        }
        (None, None) => None,
    };
    watch_for_interrupts();
    let limits =
        Limits { jobs: jobs(arguments.jobs), runs_max: arguments.max_runs, budget: arguments.budget };
    let begun = start.script().and_then(|script| Trials::begin(script, limits, &INTERRUPT));
    let (mut trials, mut subject) = match begun {
        Ok(begun) => begun,
        Err(NotBegun::Interrupted) => {
            complain(&format!("{}; nothing was written\n", NotBegun::Interrupted));
            return Ok(Verdict::Interrupted.exit_code());
        }
        Err(why) => return Err(format!("{}: {why}", arguments.path.display())),
    };
    if let Some(difference) = differs(&start, &subject.report) {
        return Err(difference);
    }
    let signature = subject.report.signature.clone().unwrap_or_default();
    let place = match place {
        Some(place) => place,
        None => Place::find(arguments, &start, &signature)?,
    };
    let before = subject.size();
    let mut watcher = Watcher::begin();
    let stopped = search(&mut subject, &mut trials, &mut |progress| watcher.see(progress)).err();
    watcher.end();
    let table = if stopped == Some(Stopped::Interrupted) { Vec::new() } else { necessity(&subject, &trials) };
    let record = Record {
        found_in: &start.found_in,
        subject: &subject,
        before,
        left: match stopped {
            Some(_) => Left::Stopped,
            None if 0 < trials.unjudged => Left::Unjudged,
            None => Left::Minimal,
        },
        necessity: &table,
    };
    let schema = schema_from(place.directory());
    place.write(&record.text(&place.name, schema.as_deref()), arguments.force)?;
    let again = place.run_again(&subject.report)?;
    let summary = Summary { start: &start, record: &record, place: &place, trials: &trials, stopped, again };
    summary.print(arguments.format);
    Ok(if stopped == Some(Stopped::Interrupted) { Verdict::Interrupted.exit_code() } else { 0 })
}
