//! Every scenario below `scenarios/`, each with several seeds, as tests named `[group] scenario::seed_N`.
//!
//! Files are found when the tests run: a new scenario needs no new build. `cargo test --test scenarios leader` runs those
//! whose name contains `leader`, `-- '[crash]'` those of a group. `SIM_SEED=7` runs them with seed 7, `SIM_SEEDS=20` or
//! `SIM_SEEDS=5..9` with more seeds. Unless one of the two is set, a scenario that names its own seed runs with that one
//! only. `SIM_JOBS=1` runs one after the other, as `--test-threads=1` does, which wins.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use sim::report::{human_summary, write_run_dir};
use sim::run::{Interrupt, RunOutput, run, script_text};
use sim::scenario::{Scenario, discover, load};
use sim::seed::{Seed, seeds_from_env};

/// Seeds 1 to 3 unless somebody asks for others.
const SEEDS: std::ops::Range<u64> = 1..4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Paths in messages are relative to the workspace, where people run commands.
    std::env::set_current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .expect("the workspace is there");
    let asked = seeds_from_env(SEEDS).and_then(|seeds| Ok((seeds, jobs_from_env()?)));
    let (seeds, jobs) = match asked {
        Ok(asked) => asked,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    arguments.test_threads = arguments.test_threads.or(jobs);
    let paths = discover(&[PathBuf::from("scenarios")]).unwrap_or_else(|problems| {
        panic!("{problems}");
    });
    let trials = paths.iter().flat_map(|path| trials_of(path, &seeds)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// `SIM_JOBS`: how many run at a time.
fn jobs_from_env() -> Result<Option<usize>, String> {
    let Ok(text) = std::env::var("SIM_JOBS") else { return Ok(None) };
    let jobs = text.parse().ok().filter(|jobs| 0 < *jobs);
    jobs.map(Some).ok_or_else(|| format!("SIM_JOBS: {text:?} is not a number above 0"))
}

/// Whether somebody says which seeds.
fn are_seeds_asked_for() -> bool {
    ["SIM_SEED", "SIM_SEEDS"].into_iter().any(|name| std::env::var_os(name).is_some())
}

fn trials_of(path: &Path, seeds: &[Seed]) -> Vec<Trial> {
    let group =
        path.parent().and_then(Path::file_name).map_or_else(String::new, |it| it.display().to_string());
    match load(path) {
        Err(problems) => {
            let text = problems.render(false);
            let trial = Trial::test(format!("{}::loads", path.display()), move || Err(Failed::from(text)));
            vec![trial.with_kind(group)]
        }
        Ok(scenario) => {
            let scenario = Arc::new(scenario);
            let name =
                path.file_stem().map_or_else(|| scenario.name.clone(), |stem| stem.display().to_string());
            let trial = |seed: &Seed| {
                let (scenario, seed) = (scenario.clone(), *seed);
                let trial = Trial::test(format!("{name}::seed_{seed}"), move || judge(&scenario, seed));
                trial.with_kind(group.as_str())
            };
            match scenario.seed.filter(|_| !are_seeds_asked_for()) {
                Some(own) => vec![trial(&own)],
                None => seeds.iter().map(trial).collect(),
            }
        }
    }
}

/// Passes if the run came to what the scenario expects; else says how to see it again, and leaves a report.
fn judge(scenario: &Scenario, seed: Seed) -> Result<(), Failed> {
    let RunOutput { report, script, history, trace } = run(scenario, seed, &Interrupt::new(false));
    if report.as_expected {
        return Ok(());
    }
    let resolved = script_text(&script, &report);
    let written = write_run_dir(Path::new("reports"), &report, &history, &trace, &resolved);
    let mut text = human_summary(&report, written.as_deref().ok(), false);
    if let Err(error) = written {
        text.push_str(&format!("  failed to write the report: {error}\n"));
    }
    Err(Failed::from(text))
}
