//! The sweep itself.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::args::SweepArguments;
use super::finish::{check_places, finish};
use super::resume::{make_room, resume};
use crate::cli::environment::{Stopwatch, build, jobs};
use crate::cli::interrupts::{INTERRUPT, watch_for_interrupts};
use crate::cli::list::{load_all, nothing_selected, refuse};
use crate::cli::progress::Progress;
use crate::cli::{EXIT_USAGE, complain};
use crate::report::hash;
use crate::run::{agrees_again, run};
use crate::scenario::Scenario;
use crate::sweep::human::new_failure;
use crate::sweep::plan::{Item, plan, plan_hash};
use crate::sweep::pool::{End, Ended, Limits, Stop, Work, drive};
use crate::sweep::result::Build;
use crate::sweep::shard::{Shard, ShardChoice, from_platform};
use crate::sweep::store::{self, Header, Store, StoreError, lock};
use crate::sweep::summary::Summary;
use crate::sweep::tally::{Ran, Tally};
use crate::verdict::Verdict;

/// A run looks for its interrupt at every few simulated milliseconds: one that has not looked after this time hangs.
const GRACE: Duration = Duration::from_secs(5);

/// Runs all there is to run; the exit code is that of the worst.
pub(in crate::cli) fn sweep(arguments: &SweepArguments) -> u8 {
    let scenarios = match load_all(&arguments.paths) {
        Ok(scenarios) if scenarios.is_empty() => return nothing_selected(&arguments.paths),
        Ok(scenarios) => scenarios,
        Err(problems) => return refuse(&problems, arguments.format),
    };
    match prepared(arguments, scenarios) {
        Ok(code) => code,
        Err(problem) => {
            complain(&format!("error: {problem}; nothing was run\n"));
            EXIT_USAGE
        }
    }
}

/// # Errors
/// What is wrong before anything has been run.
fn prepared(arguments: &SweepArguments, scenarios: Vec<Scenario>) -> Result<u8, String> {
    let shard = arguments.shard.map(shard).transpose()?;
    let mut items = plan(&scenarios, arguments.seeds.as_ref(), shard)?;
    let reports = arguments.reports.as_path();
    check_places(reports, arguments.junit.as_deref())?;
    let build = build();
    let header = Header {
        planned: items.len() as u64,
        plan: plan_hash(&scenarios, arguments.seeds.as_ref()),
        shards: shard.into_iter().collect(),
        ..Header::none()
    };
    let jobs = jobs(arguments.jobs);
    let Header { planned, plan, shards, .. } = header.clone();
    let mut summary = Summary { planned, plan, shards, jobs, ..Summary::default() };
    let in_words = |error: StoreError| error.to_string();
    let lock = lock(reports).map_err(in_words)?;
    if !arguments.resume {
        make_room(reports, &header)?;
    }
    let hashes: Vec<String> = scenarios.iter().map(|scenario| hash(scenario.source.as_bytes())).collect();
    let store = Store::create(reports, lock, &header, |anew| {
        if arguments.resume {
            let plan = (items.as_slice(), hashes.as_slice());
            items = resume((reports, anew), &mut summary, plan, &build, arguments.check_determinism)?;
        }
        Ok(())
    })
    .map_err(in_words)?;
    // Whoever finds one after this sweep was killed would take it for its own.
    arguments.junit.as_deref().map_or(Ok(()), store::remove).map_err(in_words)?;
    let tally = Tally::new(reports, store, summary);
    watch_for_interrupts();
    let sweep = Sweep { scenarios: Arc::new(scenarios), items: Arc::new(items), build, tally, jobs };
    Ok(sweep.run(arguments))
}

fn shard(choice: ShardChoice) -> Result<Shard, String> {
    let shard = match choice {
        ShardChoice::Fixed(shard) => return Ok(shard),
        ShardChoice::Auto { count } => {
            let (shard, said) = from_platform(count, |name| std::env::var(name).ok())?;
            said.iter().for_each(|line| complain(&format!("{line}\n")));
            shard
        }
    };
    // Bazel wants to know whether its variables were heeded.
    if let Some(file) = std::env::var_os("TEST_SHARD_STATUS_FILE") {
        let touched = std::fs::File::create(&file);
        touched.map_err(|error| format!("cannot create {}: {error}", Path::new(&file).display()))?;
    }
    Ok(shard)
}

struct Sweep {
    scenarios: Arc<Vec<Scenario>>,
    items: Arc<Vec<Item>>,
    build: Build,
    tally: Tally,
    jobs: usize,
}

impl Sweep {
    fn run(self, arguments: &SweepArguments) -> u8 {
        let Sweep { scenarios, items, build, mut tally, jobs } = self;
        let SweepArguments { budget, max_fail, .. } = *arguments;
        // Two runs take twice the time of one.
        let timeout = arguments.timeout.saturating_mul(1 + u32::from(arguments.check_determinism));
        let progress = Progress::new(tally.summary.planned, tally.summary.run());
        let show = |summary: &Summary| progress.show(summary.run(), summary.wall, || speed(summary));
        show(&tally.summary);
        let limits = Limits { jobs, timeout, grace: GRACE, budget };
        let work = work(scenarios.clone(), items.clone(), build.clone(), arguments.check_determinism);
        let enough = |failed: u64| max_fail.is_some_and(|most| most <= failed);
        let mut unreached = vec![true; items.len()];
        let mut unwritten = None;
        let count = if enough(tally.summary.failed()) { 0 } else { items.len() };
        let (stop, wall) = drive(count, limits, &INTERRUPT, &work, |ended| {
            let (index, item) = (ended.item, items[ended.item]);
            tally.summary.wall = ended.elapsed;
            let Some(ran) = outcome(ended, (&scenarios[item.scenario], item), &build) else {
                return ControlFlow::Continue(());
            };
            let Ran { result: Some(mut result), output } = ran else { return ControlFlow::Continue(()) };
            unreached[index] = false;
            let added = tally.add(&mut result, output.as_deref()).unwrap_or_else(|(added, error)| {
                progress.say(&format!("error: {error}\n"));
                unwritten = Some(error);
                added
            });
            if added.new_failure {
                progress.say(&new_failure(&result));
            }
            show(&tally.summary);
            let stop = unwritten.is_some() || enough(tally.summary.failed());
            if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        progress.end();
        tally.summary.wall = wall;
        let failed = tally.summary.failed();
        let (signal, no_thread) = (stop == Stop::Signal, matches!(stop, Stop::NoThread(_)));
        tally.summary.stopped = match stop {
            _ if unwritten.is_some() => Some("results cannot be written".to_owned()),
            Stop::Signal => Some("interrupted".to_owned()),
            Stop::NoThread(why) => Some(format!("no thread can be started: {why}")),
            Stop::Budget => budget.map(|budget| format!("the budget of {budget:?} is spent")),
            Stop::Enough | Stop::Finished if enough(failed) && 0 < tally.summary.not_reached() => {
                Some(format!("{failed} did not go as expected"))
            }
            Stop::Enough | Stop::Finished => None,
        };
        let not_wanted = signal || no_thread || unwritten.is_some();
        tally.summary.incomplete = not_wanted && 0 < tally.summary.not_reached();
        let codes = [
            signal.then(|| Verdict::Interrupted.exit_code()),
            (no_thread || unwritten.is_some()).then_some(EXIT_USAGE),
        ];
        let not_reached: Vec<(String, u64)> = items
            .iter()
            .zip(unreached)
            .filter(|(_, unreached)| *unreached)
            .map(|(item, _)| (scenarios[item.scenario].name.clone(), item.seed.0))
            .collect();
        let places = (arguments.reports.as_path(), arguments.junit.as_deref());
        finish(tally, places, arguments.format, &not_reached, &[], codes.into_iter().flatten())
    }
}

/// Failures so far, and how fast it goes.
fn speed(summary: &Summary) -> String {
    let (seeds, simulated) = summary.speed().unwrap_or((0.0, 0.0));
    format!("{} failed, {seeds:.1} seeds/s, {simulated:.0} sim s/s", summary.failed())
}

/// What happens in the thread of a run.
fn work(scenarios: Arc<Vec<Scenario>>, items: Arc<Vec<Item>>, build: Build, twice: bool) -> Work<Ran> {
    Arc::new(move |index, interrupt| {
        let Item { scenario, seed } = items[index];
        let scenario = &scenarios[scenario];
        let stopwatch = Stopwatch::start();
        let mut output = run(scenario, seed, interrupt);
        output.report.env = stopwatch.env();
        if twice {
            agrees_again(scenario, seed, interrupt, &mut output);
        }
        Ran::new(output, &build, twice)
    })
}

/// What an end means. `None`: the run was interrupted, and is as good as not begun.
fn outcome(ended: Ended<Ran>, (scenario, item): (&Scenario, Item), build: &Build) -> Option<Ran> {
    let which = (scenario, item.seed);
    match ended.end {
        End::Returned(Ran { result: None, output }) if ended.timed_out => {
            Some(Ran::timed_out(output, which, build, ended.wall))
        }
        End::Returned(ran) => ran.result.is_some().then_some(ran),
        End::Panicked(message) => Some(Ran::panicked(message, which, build)),
        End::Abandoned => ended.timed_out.then(|| Ran::timed_out(None, which, build, ended.wall)),
    }
}
