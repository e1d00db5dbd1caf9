//! The measurement itself: prepares, runs, writes, prints.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::args::{TradeoffArguments, TradeoffFormat};
use crate::cli::args::Format;
use crate::cli::environment::{build, jobs};
use crate::cli::interrupts::{INTERRUPT, watch_for_interrupts};
use crate::cli::list::{load_all, nothing_selected, refuse};
use crate::cli::progress::Progress;
use crate::cli::run::severity;
use crate::cli::{EXIT_USAGE, complain, print};
use crate::run::run;
use crate::scenario::Scenario;
use crate::sweep::plan::plan;
use crate::sweep::pool::{End, Ended, Limits, Stop, Work, drive};
use crate::sweep::store::replace;
use crate::tradeoff::csv::csv;
use crate::tradeoff::experiment::{Trial, prepare, too_early, trials};
use crate::tradeoff::measure::{self, Sample};
use crate::tradeoff::plot::plot;
use crate::tradeoff::result::Tradeoff;
use crate::tradeoff::settings::FlushSettings;
use crate::tradeoff::table::table;
use crate::verdict::Verdict;

/// A run that takes longer is not judged.
const TIMEOUT: Duration = Duration::from_secs(300);

/// A run looks for its interrupt at every few simulated milliseconds: one that has not looked after this time hangs.
const GRACE: Duration = Duration::from_secs(5);

/// Measures; the exit code says whether everything could be judged.
pub(in crate::cli) fn tradeoff(arguments: &TradeoffArguments) -> u8 {
    let paths = std::slice::from_ref(&arguments.scenario);
    let format = match arguments.format {
        TradeoffFormat::Json => Format::Json,
        TradeoffFormat::Human | TradeoffFormat::Csv => Format::Human,
    };
    let measured = match load_all(paths) {
        Ok(mut scenarios) if scenarios.len() == 1 => measured(scenarios.remove(0), arguments),
        Ok(scenarios) if scenarios.is_empty() => return nothing_selected(paths),
        Ok(scenarios) => {
            let place = arguments.scenario.display();
            Err(format!(
                "{place} holds {} scenarios, and one is measured at a time: name it",
                scenarios.len()
            ))
        }
        Err(problems) => return refuse(&problems, format),
    };
    measured.unwrap_or_else(|problem| {
        complain(&format!("error: {problem}; nothing was run\n"));
        EXIT_USAGE
    })
}

/// # Errors
/// What is wrong before anything has been run.
fn measured(scenario: Scenario, arguments: &TradeoffArguments) -> Result<u8, String> {
    let scenarios = [scenario];
    let seeds = plan(&scenarios, arguments.seeds.as_ref(), None)?.into_iter().map(|item| item.seed);
    let trials = trials(&arguments.flush, &seeds.collect::<Vec<_>>());
    let [scenario] = scenarios;
    let named = || Path::new("reports/tradeoff").join(&scenario.name);
    let out = arguments.out.clone().unwrap_or_else(named);
    std::fs::create_dir_all(&out)
        .map_err(|error| format!("{} cannot be written to: {error}", out.display()))?;
    if let Some(warning) = trials.first().and_then(|trial| too_early(&scenario, &arguments.flush, trial.seed))
    {
        complain(&format!("warning: {warning}\n"));
    }
    watch_for_interrupts();
    let (scenario, trials) = (Arc::new(scenario), Arc::new(trials));
    let work = work(scenario.clone(), arguments.flush.clone(), trials.clone());
    let (samples, stop) = run_all(&work, trials.len(), jobs(arguments.jobs));
    let tradeoff = Tradeoff::of(&scenario, &arguments.flush, &trials, &samples, build());
    let written = write(&out, &tradeoff).and_then(|()| {
        let left_out =
            trials.iter().zip(&samples).filter(|(_, sample)| sample.as_ref().is_some_and(is_left_out));
        left_out
            .map(|(trial, _)| *trial)
            .try_for_each(|trial| write_left_out(&out, &scenario, &arguments.flush, trial))
    });
    match arguments.format {
        TradeoffFormat::Human => print(&format!("{}written to {}\n", table(&tradeoff), out.display())),
        TradeoffFormat::Json => print(&tradeoff.to_json()),
        TradeoffFormat::Csv => print(&csv(&tradeoff)),
    }
    let mut codes = vec![tradeoff.verdict().exit_code()];
    if let Err(error) = written {
        complain(&format!("error: {error}\n"));
        codes.push(EXIT_USAGE);
    }
    match stop {
        Stop::NoThread(why) => {
            complain(&format!("error: no thread can be started: {why}\n"));
            codes.push(EXIT_USAGE);
        }
        Stop::Signal => codes.push(Verdict::Interrupted.exit_code()),
        Stop::Finished | Stop::Budget | Stop::Enough => {}
    }
    Ok(codes.into_iter().max_by_key(|code| severity(*code)).unwrap_or(0))
}

/// What happens in the thread of a run.
fn work(scenario: Arc<Scenario>, flush: FlushSettings, trials: Arc<Vec<Trial>>) -> Work<Sample> {
    Arc::new(move |index, interrupt| {
        let Trial { setting, blow, seed } = trials[index];
        let prepared = prepare(&scenario, flush.all()[setting], blow, seed);
        Sample::of(&run(&prepared, seed, interrupt))
    })
}

/// Runs everything; what is `None` was not reached.
fn run_all(work: &Work<Sample>, count: usize, jobs: usize) -> (Vec<Option<Sample>>, Stop) {
    let limits = Limits { jobs, timeout: TIMEOUT, grace: GRACE, budget: None };
    let mut samples: Vec<Option<Sample>> = vec![None; count];
    let mut done = 0;
    let progress = Progress::new(count as u64, done);
    let (stop, _) = drive(count, limits, &INTERRUPT, work, |ended| {
        let (item, elapsed) = (ended.item, ended.elapsed);
        samples[item] = outcome(ended);
        done += 1;
        progress.show(done, elapsed, || format!("{} to go", count as u64 - done));
        ControlFlow::Continue(())
    });
    progress.end();
    (samples, stop)
}

/// What an end means. `None`: the run was interrupted, and is as good as not begun.
fn outcome(ended: Ended<Sample>) -> Option<Sample> {
    let late = || Sample::without_numbers(measure::End::Unjudged(format!("no end after {TIMEOUT:?}")));
    match ended.end {
        End::Returned(sample) if sample.end == measure::End::CutShort => ended.timed_out.then(late),
        End::Returned(sample) => Some(sample),
        End::Panicked(message) => Some(Sample::without_numbers(measure::End::Broken(message))),
        End::Abandoned => ended.timed_out.then(late),
    }
}

fn is_left_out(sample: &Sample) -> bool {
    !matches!(sample.end, measure::End::Judged | measure::End::CutShort)
}

/// # Errors
/// What could not be written, in words.
fn write(out: &Path, tradeoff: &Tradeoff) -> Result<(), String> {
    let files = [
        ("tradeoff.json", tradeoff.to_json()),
        ("tradeoff.csv", csv(tradeoff)),
        ("tradeoff.svg", plot(tradeoff)),
    ];
    files.into_iter().try_for_each(|(name, text)| {
        replace(&out.join(name), text.as_bytes()).map_err(|error| error.to_string())
    })
}

/// The scenario of a run that is in no number, so that somebody can look at it.
fn write_left_out(
    out: &Path,
    scenario: &Scenario,
    flush: &FlushSettings,
    trial: Trial,
) -> Result<(), String> {
    let Trial { setting, blow, seed } = trial;
    let prepared = prepare(scenario, flush.all()[setting], blow, seed);
    let place: PathBuf = out.join("left-out");
    std::fs::create_dir_all(&place).map_err(|error| format!("cannot create {}: {error}", place.display()))?;
    let file = place.join(format!("{}.{seed}.toml", prepared.name));
    replace(&file, prepared.to_toml().as_bytes()).map_err(|error| error.to_string())
}
