//! Every scenario below `scenarios/`, each with several seeds, as tests named `scenario::seed_N`.
//!
//! Files are found when the tests run: a new scenario needs no new build. `SIM_SEED=7 cargo test --test scenarios
//! leader` runs those whose name contains `leader` with seed 7; `SIM_SEEDS=20` or `SIM_SEEDS=5..9` runs more seeds.

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
    let arguments = Arguments::from_args();
    // Paths in messages are relative to the workspace, where people run commands.
    std::env::set_current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .expect("the workspace is there");
    let seeds = match seeds_from_env(SEEDS) {
        Ok(seeds) => seeds,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    let paths = discover(&[PathBuf::from("scenarios")]).unwrap_or_else(|problems| {
        panic!("{problems}");
    });
    let trials = paths.iter().flat_map(|path| trials_of(path, &seeds)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials_of(path: &Path, seeds: &[Seed]) -> Vec<Trial> {
    match load(path) {
        Err(problems) => {
            let text = problems.render(false);
            vec![Trial::test(format!("{}::loads", path.display()), move || Err(Failed::from(text)))]
        }
        Ok(scenario) => {
            let scenario = Arc::new(scenario);
            let name =
                path.file_stem().map_or_else(|| scenario.name.clone(), |stem| stem.display().to_string());
            let trial = |seed: &Seed| {
                let (scenario, seed) = (scenario.clone(), *seed);
                Trial::test(format!("{name}::seed_{seed}"), move || judge(&scenario, seed))
            };
            seeds.iter().map(trial).collect()
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
