//! When faults begin and end, against the fault phase and against each other.

use std::time::Duration;

use super::scripted::FaultDraft;
use super::when::Written;
use crate::nemesis::{Start, Trigger, Until};
use crate::scenario::diagnostic::{Diagnostic, Problems};
use crate::scenario::field::Read;
use crate::scenario::units::duration_text;

impl FaultDraft {
    /// Reports times that leave nothing of the fault. It may outlast the phase: the heal ends it.
    pub fn check_times(&self, phase: &Read<Duration>, problems: &mut Problems) {
        if let Some(start) = &self.start {
            begins_within(start, phase, problems);
        }
        if let Some(start) = &self.start
            && let Some(until) = self.harm.as_ref().and_then(|harm| harm.until.as_ref())
        {
            ends_after(start, until, problems);
            if let Until::When(trigger) = &until.value {
                waits_within(until, trigger, phase, problems);
            }
        }
    }
}

fn begins_within(start: &Written<Start>, phase: &Read<Duration>, problems: &mut Problems) {
    let at = match &start.value {
        Start::At(at) => *at,
        Start::When(trigger) => return waits_within(start, trigger, phase, problems),
    };
    if phase.is_sound() && phase.value <= at.high {
        let may = if at.low < phase.value { "may begin" } else { "begins" };
        let message = format!("a fault {may} when the fault phase of {} is over", duration_text(phase.value));
        let diagnostic = Diagnostic::new(message).at(start.span, "counted from the beginning of the phase");
        problems.report(diagnostic.maybe_at(phase.span(), "the phase ends here"));
    }
}

fn waits_within<T>(written: &Written<T>, trigger: &Trigger, phase: &Read<Duration>, problems: &mut Problems) {
    if let Some(delay) = written.trigger.as_ref().and_then(|trigger| trigger.delay)
        && phase.is_sound()
        && phase.value <= trigger.delay
    {
        let message = format!("the fault phase of {} is over after this delay", duration_text(phase.value));
        let diagnostic = Diagnostic::new(message).at(delay, "");
        problems.report(diagnostic.maybe_at(phase.span(), "the phase ends here"));
    }
}

fn ends_after(start: &Written<Start>, until: &Written<Until>, problems: &mut Problems) {
    if let (Start::At(at), Until::At(end)) = (&start.value, &until.value)
        && *end <= at.high
    {
        let may = if at.low < *end { "may heal" } else { "heals" };
        let diagnostic = Diagnostic::new(format!("a fault {may} before it begins"));
        let diagnostic = diagnostic.at(until.span, "it ends here").at(start.span, "it begins here");
        let help = "both are times in the fault phase; for how long it goes on, use `lasts` or `down_for`";
        problems.report(diagnostic.help(help.to_owned()));
    }
}
