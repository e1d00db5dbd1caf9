//! `[[nemesis]]`: faults of one kind, drawn from the seed, and `[limits]` of what they may do.

use std::time::Duration;

use super::harm::{HarmDraft, Section, harm, length_key};
use super::when::Written;
use crate::nemesis::{Kind, RandomFaults, Span as Values, Until};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span, position};
use crate::scenario::field::{Field, Read};
use crate::scenario::reader::Table;
use crate::scenario::units;

/// How long random faults go on if nobody says it.
pub(in crate::scenario) const USUAL_LENGTH: Values<Duration> =
    Values { low: Duration::from_millis(100), high: Duration::from_secs(2) };

/// A nemesis and where its parts were written.
pub(in crate::scenario) struct NemesisDraft {
    line: usize,
    pub harm: Option<HarmDraft>,
    pub every: Field<Values<Duration>>,
    at_most: Option<u64>,
    may_miss: bool,
}

impl NemesisDraft {
    /// The value, if every part of it could be read.
    pub fn spec(&self) -> Option<RandomFaults> {
        Some(RandomFaults {
            harm: self.harm.as_ref()?.harm()?,
            every: self.every.clone().ok()?,
            at_most: self.at_most,
            may_miss: self.may_miss,
            line: self.line,
        })
    }

    /// Reports a nemesis whose first fault would come when the fault phase is over.
    pub fn check_within(&self, phase: &Read<Duration>, problems: &mut Problems) {
        if let Field::Given(every, span) = &self.every
            && phase.is_sound()
            && phase.value <= every.low
        {
            let length = units::duration_text(phase.value);
            let message =
                format!("the first of these faults begins when the fault phase of {length} is over");
            let diagnostic = Diagnostic::new(message).at(*span, "so long until the first one, at least");
            problems.report(diagnostic.maybe_at(phase.span(), "the phase ends here"));
        }
    }
}

/// Reads one nemesis.
pub(in crate::scenario) fn nemesis(
    source: &str,
    mut table: Table<'_>,
    problems: &mut Problems,
) -> NemesisDraft {
    let line = position(source, table.header().start).0;
    let every = table.with_unit("every", "a duration", units::RANGE, units::lengths, problems);
    let every = every.required("every", &table, problems);
    let at_most = table.whole("at_most", 1..=i64::MAX, problems).ok().map(i64::unsigned_abs);
    let may_miss = table.flag("may_miss", problems).or(false).value;
    let harm = harm(&mut table, Section::Nemesis, problems);
    if harm.is_some() {
        table.finish(problems);
    }
    NemesisDraft { line, harm, every, at_most, may_miss }
}

/// `lasts` or `down_for`: random faults always end by themselves.
pub(super) fn length(table: &mut Table<'_>, kind: &Kind, problems: &mut Problems) -> Option<Written<Until>> {
    let header: Span = table.header();
    let Some(key) = length_key(kind) else { return Some(Written::unwritten(Until::Instant, header)) };
    match table.with_unit(key, "a duration", units::RANGE, units::lengths, problems) {
        Field::Wrong => None,
        given => Some(Written::unwritten(Until::Lasts(given.or(USUAL_LENGTH).value), header)),
    }
}
