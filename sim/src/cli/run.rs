//! `cargo sim run`.

use std::io::stdout;
use std::panic::catch_unwind;
use std::path::Path;

use super::args::{Format, RunArguments};
use super::environment::Stopwatch;
use super::interrupts::{INTERRUPT, watch_for_interrupts};
use super::list::{load_all, nothing_selected, refuse};
use super::{EXIT_USAGE, color, complain, print};
use crate::report::{RunReport, fault_heading, fault_table, human_summary, write_run_dir};
use crate::run::{Interrupt, RunOutput, agrees_again, run as run_once, script_text};
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
    if 1 < scenarios.len() && arguments.format == Format::Human {
        print(&in_all(scenarios.len(), &codes));
    }
    // A signal between two runs leaves no run that says so.
    let cut = INTERRUPT.is_raised() && codes.len() < scenarios.len();
    codes.extend(cut.then(|| Verdict::Interrupted.exit_code()));
    codes.into_iter().max_by_key(|code| severity(*code)).unwrap_or(0)
}

/// How many of those that were planned were run to their end, and how many of these came to something else than expected.
fn in_all(planned: usize, codes: &[u8]) -> String {
    let cut_short = Verdict::Interrupted.exit_code();
    let interrupted = codes.iter().filter(|code| **code == cut_short).count();
    let unexpected = codes.iter().filter(|code| **code != 0 && **code != cut_short).count();
    let (run, left) = (codes.len() - interrupted, planned - codes.len());
    let interrupted =
        if interrupted == 0 { String::new() } else { format!(", {interrupted} interrupted under way") };
    format!("{planned} planned, {run} run, {unexpected} not as expected{interrupted}, {left} not reached\n")
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
    let seed = arguments.seed.or(scenario.seed).unwrap_or(Seed(1));
    let Some(mut output) = run_guarded(scenario, seed, &INTERRUPT) else {
        return Verdict::HarnessBug.exit_code();
    };
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
    show(&report, directory, arguments.format, alone);
    if let Err(error) = &written {
        complain(&format!("error: failed to write the report: {error}\n"));
    }
    exit_code(&report, written.is_ok())
}

/// Runs once and fills in the environment. `None`, and said, if the harness itself panicked.
pub(super) fn run_guarded(scenario: &Scenario, seed: Seed, interrupt: &Interrupt) -> Option<RunOutput> {
    let stopwatch = Stopwatch::start();
    // A panic on a host is a verdict; one outside of them is this program's own fault and printed by the panic hook.
    let Ok(mut output) = catch_unwind(|| run_once(scenario, seed, interrupt)) else {
        let path = &scenario.path;
        complain(&format!("error: the harness itself panicked in {path} with seed {seed}\n"));
        return None;
    };
    output.report.env = stopwatch.env();
    Some(output)
}

/// Prints what a run came to, and for who runs it `alone` also what each fault did when all went well.
pub(super) fn show(report: &RunReport, directory: Option<&Path>, format: Format, alone: bool) {
    match format {
        Format::Human => {
            let mut text = human_summary(report, directory, color(&stdout()));
            if alone && report.as_expected && !report.faults.is_empty() {
                text += &format!("  {}\n", fault_heading(report));
                text.extend(fault_table(report).iter().map(|row| format!("    {row}\n")));
            }
            print(&text);
        }
        Format::Json => {
            let text = serde_json::to_string(report).expect("every report serializes");
            print(&format!("{text}\n"));
        }
    }
}

/// The exit code of one run, whose report could be `written` if somebody wanted that.
pub(super) fn exit_code(report: &RunReport, written: bool) -> u8 {
    match (written, report.as_expected) {
        (false, true) => EXIT_USAGE,
        (_, as_expected) => report.verdict.exit_code_unless(as_expected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_interrupted_was_neither_run_nor_not_reached() {
        assert_eq!(in_all(2, &[0, 1]), "2 planned, 2 run, 1 not as expected, 0 not reached\n");
        let said = "4 planned, 1 run, 0 not as expected, 1 interrupted under way, 2 not reached\n";
        assert_eq!(in_all(4, &[0, 130]), said);
    }
}
