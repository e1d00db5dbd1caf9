//! The way through a replay: what to run, run it, compare, show.

use std::io::stdout;

use broker_core::time::Timestamp;

use super::super::args::Format;
use super::super::interrupts::{INTERRUPT, watch_for_interrupts};
use super::super::run::{exit_code, run_guarded, show};
use super::super::{EXIT_USAGE, color, complain, print};
use super::args::ReplayArguments;
use super::compare::compare;
use super::select::{self, Selection};
use super::source::{Source, source};
use crate::report::write_run_dir;
use crate::run::{Interrupt, RunOutput, script_text};
use crate::trace::{Readable, Standings, seconds};
use crate::verdict::Verdict;

/// `cargo sim replay`
pub(in crate::cli) fn replay(arguments: &ReplayArguments) -> u8 {
    let refuse = |problem: String| {
        complain(&problem);
        EXIT_USAGE
    };
    let source = match select::check(arguments).and_then(|()| source(arguments)) {
        Ok(source) => source,
        Err(problem) => return refuse(problem),
    };
    let played = match arguments.until {
        // Nothing is lost when Ctrl-C ends this at once.
        Some(until) => run_guarded(&source.scenario, source.seed, &Interrupt::after(until)),
        None => {
            watch_for_interrupts();
            run_guarded(&source.scenario, source.seed, &INTERRUPT)
        }
    };
    let Some(output) = played else { return Verdict::HarnessBug.exit_code() };
    match Selection::new(arguments, &output) {
        Ok(selection) => tell(&source, arguments, output, &selection),
        Err(problem) => refuse(problem),
    }
}

/// Shows what was asked for, and then what it came to.
fn tell(
    source: &Source,
    arguments: &ReplayArguments,
    mut output: RunOutput,
    selection: &Selection<'_>,
) -> u8 {
    let end = output.report.phases.last().map_or(Timestamp::ZERO, |phase| Timestamp(phase.ended_us));
    let stopped = arguments.until.filter(|until| *until < end);
    if select::is_asked(arguments) {
        print_trace(&output, arguments.format, selection);
    }
    let compared = source
        .recorded
        .as_ref()
        .map(|recorded| (recorded, compare(recorded, &output, stopped.is_some() || INTERRUPT.is_raised())));
    let mut is_recorded = false;
    if let Some((recorded, comparison)) = compared {
        let (directory, path) = (recorded.run.path.display(), &source.scenario.path);
        let mut text = format!("replay of {directory}: {path} with seed {}\n", source.seed);
        text.extend(comparison.lines.iter().map(|line| format!("  {line}\n")));
        note(arguments.format, &text);
        is_recorded = output.report.digest == recorded.run.report.digest;
        if let Some(reason) = comparison.nondeterminism {
            output.report.is_nondeterministic(reason);
        }
    }
    let RunOutput { report, script, history, trace } = &output;
    let written = arguments
        .reports
        .as_ref()
        .map(|reports| write_run_dir(reports, report, history, trace, &script_text(script, report)));
    let written = match written.transpose() {
        Ok(written) => Ok(written),
        Err(error) => {
            complain(&format!("error: failed to write the report: {error}\n"));
            Err(EXIT_USAGE)
        }
    };
    let is_bug = report.verdict == Verdict::HarnessBug;
    if let Some(until) = stopped.filter(|_| !is_bug) {
        match arguments.format {
            Format::Human => print_standings(&output, until),
            Format::Json => show(report, None, Format::Json, true),
        }
        return written.err().unwrap_or(0);
    }
    if let Some(until) = arguments.until.filter(|until| end <= *until) {
        note(arguments.format, &format!("the run was over at {}, before {}\n", seconds(end), seconds(until)));
    }
    // The record is a report of this run only if the two are the same.
    let record = source.recorded.as_ref().filter(|_| is_recorded).map(|recorded| recorded.run.path.as_path());
    let directory = written.as_ref().ok().and_then(|written| written.as_deref()).or(record);
    show(report, directory, arguments.format, true);
    exit_code(report, written.is_ok())
}

/// The trace, and the panic that ended it if one did.
fn print_trace(output: &RunOutput, format: Format, selection: &Selection<'_>) {
    let RunOutput { report, history, trace, .. } = output;
    let colored = format == Format::Human && color(&stdout());
    let readable = Readable::new(trace).with(history, colored);
    let mut text = String::new();
    match format {
        Format::Json => {
            let entries = trace.entries().iter().filter(|entry| selection.has(output, &readable, entry));
            text.extend(entries.map(|entry| trace.to_json(entry) + "\n"));
        }
        Format::Human => {
            let lines = readable.lines(|entry| selection.has(output, &readable, entry));
            text.extend(lines.map(|line| line + "\n"));
            if let Some(panic) = &report.panic {
                let host = panic.host.as_deref().unwrap_or("no host");
                let place = panic.location.as_deref().unwrap_or("unknown location");
                let time = seconds(Timestamp(panic.time_us));
                text += &format!("{time:>8}  {host} panics: {} ({place})\n", panic.message);
            }
        }
    }
    print(&text);
}

/// Where each host stands when the run was stopped.
fn print_standings(output: &RunOutput, until: Timestamp) {
    let trace = &output.trace;
    let mut text = format!("stopped at {}; as far as events say, then\n", seconds(until));
    let lines = Standings::at(trace, until).lines(trace);
    text.extend(lines.iter().map(|line| format!("  {line}\n")));
    print(&text);
}

/// What is said beside the result: with JSON it must not stand between its lines.
fn note(format: Format, text: &str) {
    match format {
        Format::Human => print(text),
        Format::Json => complain(text),
    }
}
