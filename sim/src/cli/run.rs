//! `cargo sim run`.

use std::io::stdout;
use std::panic::catch_unwind;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{Format, RunArguments};
use super::environment::Stopwatch;
use super::list::{load_all, nothing_selected, refuse};
use super::{EXIT_USAGE, color, complain, print};
use crate::report::{fault_heading, fault_table, human_summary, write_run_dir};
use crate::run::{RunOutput, run as run_once, script_text};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::trace::first_difference;
use crate::verdict::Verdict;

static INTERRUPT: AtomicBool = AtomicBool::new(false);

/// Ctrl-C lets the run under way come to its end and write what there is; a second one ends the process at once.
fn watch_for_interrupts() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let watched = ctrlc::set_handler(|| {
            if INTERRUPT.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(Verdict::Interrupted.exit_code()));
            }
        });
        if let Err(error) = watched {
            complain(&format!("warning: Ctrl-C will end the process at once: {error}\n"));
        }
    });
}

/// Runs every scenario; the exit code is that of the worst.
pub(super) fn run(arguments: &RunArguments) -> u8 {
    let scenarios = match load_all(&arguments.paths) {
        Ok(scenarios) if scenarios.is_empty() => return nothing_selected(&arguments.paths),
        Ok(scenarios) => scenarios,
        Err(problems) => return refuse(&problems, arguments.format),
    };
    // Better now than after an hour.
    if let Err(error) = std::fs::create_dir_all(&arguments.reports) {
        let place = arguments.reports.display();
        complain(&format!("error: reports cannot be written to {place}: {error}; nothing was run\n"));
        return EXIT_USAGE;
    }
    watch_for_interrupts();
    let mut codes = Vec::new();
    for scenario in &scenarios {
        codes.push(run_scenario(scenario, arguments, scenarios.len() == 1));
        if INTERRUPT.load(Ordering::Relaxed) {
            break;
        }
    }
    let unexpected = codes.iter().filter(|code| **code != 0).count();
    let (planned, reached) = (scenarios.len(), codes.len());
    if 1 < planned && arguments.format == Format::Human {
        let left = planned - reached;
        print(&format!(
            "{planned} planned, {reached} run, {unexpected} not as expected, {left} not reached\n"
        ));
    }
    codes.into_iter().max_by_key(|code| severity(*code)).unwrap_or(0)
}

/// Which of two exit codes matters more: that of the worse verdict.
fn severity(code: u8) -> usize {
    let verdicts =
        [Verdict::Pass, Verdict::Vacuous, Verdict::Unknown, Verdict::Interrupted].map(Verdict::exit_code);
    let worst = [EXIT_USAGE, Verdict::Violation.exit_code(), Verdict::HarnessBug.exit_code()];
    let ranking = verdicts.into_iter().chain(worst);
    ranking.take_while(|known| *known != code).count()
}

/// Runs one; who runs it `alone` also sees what each fault did when all went well.
fn run_scenario(scenario: &Scenario, arguments: &RunArguments, alone: bool) -> u8 {
    let stopwatch = Stopwatch::start();
    let seed = arguments.seed.or(scenario.seed).unwrap_or(Seed(1));
    // A panic on a host is a verdict; one outside of them is this program's own fault and printed by the panic hook.
    let run = || run_once(scenario, seed, &INTERRUPT);
    let Ok(output) = catch_unwind(run) else {
        complain(&format!("error: the harness itself panicked in {} with seed {}\n", scenario.path, seed));
        return Verdict::HarnessBug.exit_code();
    };
    let RunOutput { mut report, script, history, trace } = output;
    report.env = stopwatch.env();
    if arguments.check_determinism && report.verdict != Verdict::Interrupted {
        let again = run_once(scenario, seed, &INTERRUPT);
        let difference = first_difference(&trace, &again.trace).map(|difference| difference.to_string());
        let reports = (report.comparable() != again.report.comparable())
            .then(|| "the traces are equal, the reports differ".to_owned());
        if let Some(difference) = difference.or(reports)
            && again.report.verdict != Verdict::Interrupted
        {
            report.verdict = Verdict::HarnessBug;
            report.as_expected = false;
            report.unknown.push(format!("two runs of seed {seed} differ: {difference}"));
        } else if arguments.format == Format::Human {
            let (events, path) = (trace.len(), &scenario.path);
            print(&format!("{path}: two runs of seed {seed} agree in all {events} events\n"));
        }
    }
    let written =
        write_run_dir(&arguments.reports, &report, &history, &trace, &script_text(&script, &report));
    let directory = written.as_deref().ok();
    match arguments.format {
        Format::Human => {
            let mut text = human_summary(&report, directory, color(&stdout()));
            if alone && report.as_expected && !report.faults.is_empty() {
                text += &format!("  {}\n", fault_heading(&report));
                text.extend(fault_table(&report).iter().map(|row| format!("    {row}\n")));
            }
            print(&text);
        }
        Format::Json => {
            let text = serde_json::to_string(&report).expect("every report serializes");
            print(&format!("{text}\n"));
        }
    }
    if let Err(error) = &written {
        complain(&format!("error: failed to write the report: {error}\n"));
    }
    match (written.is_err(), report.as_expected, report.verdict.exit_code()) {
        (true, true, _) => EXIT_USAGE,
        (false, true, _) => 0,
        // It passed where a violation was expected.
        (_, false, 0) => Verdict::Violation.exit_code(),
        (_, false, code) => code,
    }
}
