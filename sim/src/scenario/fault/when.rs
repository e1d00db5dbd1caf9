//! When a fault begins and ends: `at`, `when`, `until`.

use std::time::Duration;

use super::trigger::{TriggerPlaces, trigger};
use crate::nemesis::{Span as Values, Start, Target, Until};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span};
use crate::scenario::field::Field;
use crate::scenario::reader::Table;
use crate::scenario::units;

const TIMES: &str =
    "write a number and a unit of us, ms, s, m or h, such as \"2s\", or a range such as \"1s..3s\"";

/// A beginning or an end, and where it was written.
pub(in crate::scenario) struct Written<T> {
    pub value: T,
    /// Its value, or what it belongs to if it was not written.
    pub span: Span,
    pub trigger: Option<TriggerPlaces>,
}

impl<T> Written<T> {
    /// No trigger.
    pub fn unwritten(value: T, span: Span) -> Written<T> {
        Written { value, span, trigger: None }
    }

    /// Where the trigger must happen.
    pub fn targets(&self) -> impl Iterator<Item = &(Target, Span)> {
        self.trigger.iter().flat_map(|trigger| &trigger.targets)
    }
}

/// `at` or `when`, exactly one of them.
pub(super) fn start(table: &mut Table<'_>, problems: &mut Problems) -> Option<Written<Start>> {
    match (table.place("at"), table.place("when")) {
        (Some(at), Some(when)) => {
            let diagnostic = Diagnostic::new("a fault begins either at a time or when something happens");
            let diagnostic = diagnostic.at(when, "`when` is an event").at(at, "`at` is a time");
            problems.report(
                diagnostic.help("keep one of them; `delay` in `when` waits after the event".to_owned()),
            );
        }
        (None, None) => {
            let diagnostic = Diagnostic::new("missing key `at` or `when`");
            let diagnostic = diagnostic.at(table.header(), "nothing says when this begins");
            let help = "write `at = \"2s\"`, or `when = { event = \"…\" }`".to_owned();
            problems.report(diagnostic.help(help));
        }
        _ => {}
    }
    let at = table.with_unit("at", "a time or a range of times", TIMES, units::values, problems);
    let when = trigger(table, "when", problems);
    match (at, when) {
        (Field::Given(at, span), Field::Absent) => Some(Written::unwritten(Start::At(at), span)),
        (_, Field::Given((trigger, places), span)) => {
            Some(Written { value: Start::When(trigger), span, trigger: Some(places) })
        }
        _ => None,
    }
}

/// `until`: a time or a trigger.
pub(super) fn until(table: &mut Table<'_>, problems: &mut Problems) -> Field<Written<Until>> {
    if table.holds_text("until") {
        let time = table.duration("until", problems);
        return match time {
            Field::Given(time, span) => Field::Given(Written::unwritten(Until::At(time), span), span),
            Field::Absent | Field::Wrong => Field::Wrong,
        };
    }
    match trigger(table, "until", problems) {
        Field::Given((trigger, places), span) => {
            let until = Written { value: Until::When(trigger), span, trigger: Some(places) };
            Field::Given(until, span)
        }
        Field::Absent => Field::Absent,
        Field::Wrong => Field::Wrong,
    }
}

/// The earliest and the latest time a fault begins, if it begins at a time.
pub(super) fn times(start: &Start) -> Option<Values<Duration>> {
    match start {
        Start::At(at) => Some(*at),
        Start::When(_) => None,
    }
}
