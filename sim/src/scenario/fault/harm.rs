//! What a scripted and a random fault have in common: the kind decides which keys there are.

use std::time::Duration;

use super::aim::{AimDraft, aim};
use super::parameters::action;
use super::when::{Written, until};
use super::{foreign, random};
use crate::nemesis::{Action, Harm, KINDS, Kind, Length, Span as Values, Target, Until};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span};
use crate::scenario::field::Field;
use crate::scenario::reader::Table;
use crate::scenario::suggest::suggest;
use crate::scenario::units;

/// Which section asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// `[[fault]]`
    Fault,
    /// `[[nemesis]]`
    Nemesis,
}

/// A harm and where its parts were written; a part that could not be read is missing.
pub(in crate::scenario) struct HarmDraft {
    pub kind: &'static Kind,
    /// Where the kind is written.
    pub kind_place: Span,
    pub action: Option<Action>,
    pub aim: AimDraft,
    pub until: Option<Written<Until>>,
}

impl HarmDraft {
    /// The value, if every part of it could be read.
    pub fn harm(&self) -> Option<Harm> {
        let until = self.until.as_ref()?.value.clone();
        Some(Harm { action: self.action.clone()?, aim: self.aim.aim.clone()?, until })
    }

    /// Every target it names, also in its end.
    pub fn targets(&self) -> impl Iterator<Item = &(Target, Span)> {
        let until = self.until.iter().flat_map(Written::targets);
        self.aim.targets().chain(until)
    }
}

/// Reads `kind` and all keys that follow from it. `None` if the kind is not known: then nothing else is.
pub(super) fn harm(table: &mut Table<'_>, section: Section, problems: &mut Problems) -> Option<HarmDraft> {
    let (kind, kind_place) = kind(table, problems)?;
    let aim = aim(table, kind, section, problems);
    let action = action(table, kind, problems);
    let until = match section {
        Section::Fault => end(table, kind, problems),
        Section::Nemesis => random::length(table, kind, problems),
    };
    foreign::report(table, (kind, kind_place), section, problems);
    Some(HarmDraft { kind, kind_place, action, aim, until })
}

fn kind(table: &mut Table<'_>, problems: &mut Problems) -> Option<(&'static Kind, Span)> {
    let field = table.text("kind", problems).required("kind", table, problems);
    let Field::Given(name, span) = field else { return None };
    let kind = Kind::named(&name);
    if kind.is_none() {
        let help = suggest(&name, KINDS.iter().map(|kind| kind.name));
        problems.report(Diagnostic::new(format!("unknown kind of fault `{name}`")).at(span, "").help(help));
    }
    Some((kind?, span))
}

/// The key of a kind's duration.
pub(super) fn length_key(kind: &Kind) -> Option<&'static str> {
    match kind.length {
        Length::DownFor => Some("down_for"),
        Length::Lasts => Some("lasts"),
        Length::Instant => None,
    }
}

/// `lasts` or `down_for`, or `until`, or nothing.
fn end(table: &mut Table<'_>, kind: &Kind, problems: &mut Problems) -> Option<Written<Until>> {
    /// How long an orderly restart takes if nobody says it.
    const RESTART: Duration = Duration::from_millis(500);
    let Some(key) = length_key(kind) else {
        return Some(Written::unwritten(Until::Instant, table.header()));
    };
    if let (Some(length), Some(until)) = (table.place(key), table.place("until")) {
        let message = format!("both `{key}` and `until` say when a fault ends");
        let diagnostic = Diagnostic::new(message).at(until, "").at(length, "");
        problems.report(diagnostic.help("keep one of them".to_owned()));
    }
    let lasts = table.with_unit(key, "a duration", units::RANGE, units::lengths, problems);
    let until = until(table, problems);
    match (lasts, until) {
        (Field::Wrong, _) | (_, Field::Wrong) => None,
        (_, Field::Given(until, _)) => Some(until),
        (Field::Given(lasts, span), Field::Absent) => Some(Written::unwritten(Until::Lasts(lasts), span)),
        (Field::Absent, Field::Absent) => {
            let value = match kind.name {
                "restart" => Until::Lasts(Values::exactly(RESTART)),
                _ => Until::Heal,
            };
            Some(Written::unwritten(value, table.header()))
        }
    }
}
