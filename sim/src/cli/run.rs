//! `cargo sim run`.

use std::io::stdout;
use std::panic::catch_unwind;

use super::args::{Format, RunArguments};
use super::environment::Stopwatch;
use super::interrupts::{INTERRUPT, watch_for_interrupts};
use super::list::{load_all, nothing_selected, refuse};
use super::{EXIT_USAGE, color, complain, print};
use crate::report::{fault_heading, fault_table, human_summary, write_run_dir};
use crate::run::{RunOutput, agrees_again, run as run_once, script_text};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::verdict::Verdict;

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
        if INTERRUPT.is_raised() {
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
pub(super) fn severity(code: u8) -> usize {
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
    let Ok(mut output) = catch_unwind(run) else {
        complain(&format!("error: the harness itself panicked in {} with seed {}\n", scenario.path, seed));
        return Verdict::HarnessBug.exit_code();
    };
    output.report.env = stopwatch.env();
    if arguments.check_determinism
        && agrees_again(scenario, seed, &INTERRUPT, &mut output) == Some(true)
        && arguments.format == Format::Human
    {
        let (events, path) = (output.trace.len(), &scenario.path);
        print(&format!("{path}: two runs of seed {seed} agree in all {events} events\n"));
    }
    let RunOutput { report, script, history, trace } = output;
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
    match (written.is_err(), report.as_expected) {
        (true, true) => EXIT_USAGE,
        (_, as_expected) => report.verdict.exit_code_unless(as_expected),
    }
}
