//! `[[fault]]`: one fault as it is written.

use std::time::Duration;

use super::harm::{HarmDraft, Section, harm};
use super::when::{Written, start};
use crate::nemesis::{Fault, Span as Values, Start, Target, Trigger, Until};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span, position};
use crate::scenario::field::Field;
use crate::scenario::reader::Table;

/// A fault and where its parts were written; a part that could not be read is missing.
pub(in crate::scenario) struct FaultDraft {
    line: usize,
    pub name: Field<String>,
    pub start: Option<Written<Start>>,
    pub harm: Option<HarmDraft>,
    pub may_miss: bool,
    stream: Option<u64>,
}

impl FaultDraft {
    /// The value; a stand-in if a part is missing, so that positions in the plan stay right.
    pub fn spec(&self) -> Option<Fault> {
        let start = self.start.as_ref().map(|start| start.value.clone());
        Some(Fault {
            name: self.name.clone().ok(),
            start: start.unwrap_or(Start::At(Values::exactly(Duration::ZERO))),
            harm: self.harm.as_ref()?.harm()?,
            may_miss: self.may_miss,
            stream: self.stream,
            line: self.line,
        })
    }

    /// Its triggers, and where the topic partition of each was written.
    pub fn triggers(&self) -> impl Iterator<Item = (&Trigger, Option<Span>)> {
        let start = self.start.as_ref().and_then(|start| match &start.value {
            Start::When(trigger) => Some((trigger, start.trigger.as_ref()?.topic_partition)),
            Start::At(_) => None,
        });
        let until = self.harm.as_ref().and_then(|harm| harm.until.as_ref());
        let until = until.and_then(|until| match &until.value {
            Until::When(trigger) => Some((trigger, until.trigger.as_ref()?.topic_partition)),
            _ => None,
        });
        start.into_iter().chain(until)
    }

    /// Every target it names, also in its triggers.
    pub fn targets(&self) -> impl Iterator<Item = &(Target, Span)> {
        let start = self.start.iter().flat_map(Written::targets);
        start.chain(self.harm.iter().flat_map(HarmDraft::targets))
    }
}

/// Reads one fault.
pub(in crate::scenario) fn fault(source: &str, mut table: Table<'_>, problems: &mut Problems) -> FaultDraft {
    let line = position(source, table.header().start).0;
    let name = name(&mut table, problems);
    let start = start(&mut table, problems);
    let may_miss = table.flag("may_miss", problems).or(false).value;
    let stream = table.whole("stream", 0..=i64::MAX, problems).ok().map(i64::unsigned_abs);
    let harm = harm(&mut table, Section::Fault, problems);
    // Which other keys belong here is unknown without a kind.
    if harm.is_some() {
        table.finish(problems);
    }
    FaultDraft { line, name, start, harm, may_miss, stream }
}

fn name(table: &mut Table<'_>, problems: &mut Problems) -> Field<String> {
    let help = "use letters, digits, `-` and `_`";
    table.text("name", problems).parse(problems, help, |name| {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let good = !name.is_empty() && name.chars().all(legal);
        if good { Ok(name) } else { Err(format!("`{name}` is not a name for a fault")) }
    })
}

/// Reports names that two faults have.
pub(super) fn check_unique(faults: &[FaultDraft], problems: &mut Problems) {
    for (index, fault) in faults.iter().enumerate() {
        let Field::Given(name, span) = &fault.name else { continue };
        let first = faults[..index].iter().find_map(|other| match &other.name {
            Field::Given(other, span) if other == name => Some(*span),
            _ => None,
        });
        if let Some(first) = first {
            let message = format!("two faults are called `{name}`");
            problems.report(Diagnostic::new(message).at(*span, "again here").at(first, "first here"));
        }
    }
}
