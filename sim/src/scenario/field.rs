//! One value of a table: absent, wrong, or given with its place.

use super::diagnostic::{Diagnostic, Problems, Span};
use super::reader::Table;

/// What stands for a key, after its type was checked.
#[derive(Clone, Debug)]
pub(super) enum Field<T> {
    /// The key is not there.
    Absent,
    /// It is there, and why it cannot be used was reported.
    Wrong,
    /// It is there.
    Given(T, Span),
}

/// A value to go on with. After a problem it is a stand-in, so that the rest of the file can be checked too; the
/// scenario as a whole is refused then.
#[derive(Clone, Debug)]
pub(super) struct Read<T> {
    pub value: T,
    pub origin: Origin,
}

/// Where a [`Read`] value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was written here.
    Written(Span),
    /// Nobody wrote it; it has its default.
    Default,
    /// A stand-in for a value with a problem that was reported: whatever follows from it must not be reported.
    Wrong,
}

impl<T> Field<T> {
    /// The value, or this one if the key is absent.
    pub fn or(self, default: T) -> Read<T> {
        match self {
            Field::Absent => Read { value: default, origin: Origin::Default },
            Field::Wrong => Read { value: default, origin: Origin::Wrong },
            Field::Given(value, span) => Read { value, origin: Origin::Written(span) },
        }
    }

    /// The value; an absent key is a problem of its table.
    pub fn required(self, key: &str, table: &Table<'_>, problems: &mut Problems) -> Field<T> {
        if matches!(self, Field::Absent) {
            let message = format!("missing key `{key}`");
            problems.report(Diagnostic::new(message).at(table.header(), format!("`{key}` is missing here")));
            return Field::Wrong;
        }
        self
    }

    /// The value as something narrower. `Err` holds the message; `help` goes with it.
    pub fn parse<U>(
        self,
        problems: &mut Problems,
        help: &str,
        parse: impl FnOnce(T) -> Result<U, String>,
    ) -> Field<U> {
        match self {
            Field::Absent => Field::Absent,
            Field::Wrong => Field::Wrong,
            Field::Given(value, span) => match parse(value) {
                Ok(value) => Field::Given(value, span),
                Err(message) => {
                    let help = (!help.is_empty()).then(|| help.to_owned());
                    problems.report(Diagnostic::new(message).at(span, "").help(help));
                    Field::Wrong
                }
            },
        }
    }

    /// The value in another form.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Field::Absent => Field::Absent,
            Field::Wrong => Field::Wrong,
            Field::Given(value, span) => Field::Given(convert(value), span),
        }
    }

    /// The value alone, if there is a good one.
    pub fn ok(self) -> Option<T> {
        match self {
            Field::Given(value, _) => Some(value),
            Field::Absent | Field::Wrong => None,
        }
    }
}

impl<T> Read<T> {
    /// Where it was written, if it was.
    pub fn span(&self) -> Option<Span> {
        match self.origin {
            Origin::Written(span) => Some(span),
            Origin::Default | Origin::Wrong => None,
        }
    }

    /// Whether conclusions may be drawn from it.
    pub fn is_sound(&self) -> bool {
        self.origin != Origin::Wrong
    }
}
