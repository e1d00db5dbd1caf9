//! `[[fault]]`: first the kind, then the keys of that kind.

use std::time::Duration;

use super::diagnostic::{Diagnostic, Problems, Span, position};
use super::field::{Field, Read};
use super::reader::{Table, texts, wrong_type};
use super::suggest::suggest;
use crate::nemesis::{Action, Aim, Fault, Harm, Span as Values, Start, Target, TargetError, Until, Way};

/// A fault and where its parts were written.
pub(super) struct FaultDraft {
    pub spec: Fault,
    pub at: Read<Duration>,
    /// Every target it names.
    pub aims: Vec<(Target, Span)>,
}

type ReadKind = fn(&mut FaultTable<'_, '_>) -> Option<Harm>;

/// Every kind and what reads it.
const KINDS: &[(&str, ReadKind)] = &[
    ("kill", |table| table.process(Action::Kill)),
    ("power_loss", |table| table.process(Action::PowerLoss)),
    ("restart", |table| table.process(Action::Restart)),
    ("partition", |table| {
        let (aim, until) = (table.cut(), table.until("lasts"));
        Some(Harm { action: Action::Cut, aim: aim?, until })
    }),
    ("isolate", |table| {
        let (target, until) = (table.target("target"), table.until("lasts"));
        Some(Harm { action: Action::Cut, aim: Aim::Hosts(target?), until })
    }),
    ("hold", |table| {
        let (between, until) = (table.between(true), table.until("lasts"));
        let (from, to) = between?;
        Some(Harm { action: Action::Hold, aim: Aim::Links { from, to, way: Way::Both }, until })
    }),
];

/// Reads one fault; there is none if it has a problem that leaves nothing to check.
pub(super) fn fault(source: &str, mut table: Table<'_>, problems: &mut Problems) -> Option<FaultDraft> {
    let header = table.header();
    let kind = table.text("kind", problems).required("kind", &table, problems);
    let kinds = KINDS.iter().map(|(kind, _)| *kind);
    let read = match kind {
        Field::Given(kind, span) => match KINDS.iter().find(|(known, _)| *known == kind) {
            Some((_, read)) => *read,
            None => {
                let message = format!("unknown kind of fault `{kind}`");
                problems.report(Diagnostic::new(message).at(span, "").help(suggest(&kind, kinds)));
                return None;
            }
        },
        // Which keys belong here is unknown without a kind.
        Field::Absent | Field::Wrong => return None,
    };
    let at = table.duration("at", problems).required("at", &table, problems).or(Duration::ZERO);
    let mut reader = FaultTable { table, aims: Vec::new(), problems };
    let harm = read(&mut reader);
    let FaultTable { table, aims, problems } = reader;
    table.finish(problems);
    let line = position(source, header.start).0;
    let start = Start::At(Values::exactly(at.value));
    let spec = Fault { name: None, start, harm: harm?, may_miss: false, stream: None, line };
    Some(FaultDraft { spec, at, aims })
}

/// A fault's table, which hands out what faults are made of.
struct FaultTable<'a, 'p> {
    table: Table<'a>,
    aims: Vec<(Target, Span)>,
    problems: &'p mut Problems,
}

impl FaultTable<'_, '_> {
    fn process(&mut self, action: Action) -> Option<Harm> {
        let (target, until) = (self.target("target"), self.until("down_for"));
        Some(Harm { action, aim: Aim::Hosts(target?), until })
    }

    fn until(&mut self, key: &'static str) -> Until {
        self.duration(key).map_or(Until::Heal, |lasts| Until::Lasts(Values::exactly(lasts)))
    }

    /// How long something goes on; nothing happens for no time at all.
    fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let duration = self.table.duration(key, self.problems).parse(self.problems, "", |duration| {
            if duration.is_zero() { Err(format!("`{key}` must be longer than 0s")) } else { Ok(duration) }
        });
        duration.ok()
    }

    /// A target or an array of them.
    fn target(&mut self, key: &'static str) -> Option<Vec<Target>> {
        let field = match self.table.take(key) {
            None => Field::Absent,
            Some(entry) => texts(key, entry.value, entry.span, self.problems),
        };
        let texts = field.required(key, &self.table, self.problems).ok()?;
        self.targets(texts)
    }

    fn targets(&mut self, texts: Vec<(String, Span)>) -> Option<Vec<Target>> {
        let count = texts.len();
        let mut targets = Vec::new();
        for (text, span) in texts {
            match text.parse::<Target>() {
                Ok(target) => {
                    self.aims.push((target.clone(), span));
                    targets.push(target);
                }
                Err(error) => {
                    let help = match &error {
                        TargetError::Unknown(word) => suggest(word, Target::words()),
                        TargetError::Form { .. } => None,
                    };
                    self.problems.report(Diagnostic::new(error.to_string()).at(span, "").help(help));
                }
            }
        }
        (targets.len() == count).then_some(targets)
    }

    /// `between = [A, B]`
    fn between(&mut self, required: bool) -> Option<(Vec<Target>, Vec<Target>)> {
        let entry = self.table.take("between");
        if entry.is_none() && required {
            let _ = Field::<()>::Absent.required("between", &self.table, self.problems);
        }
        let entry = entry?;
        let help = "write `between = [A, B]`; A and B are each a target or an array of targets";
        let Some(sides) = entry.value.as_array() else {
            let _: Field<()> =
                wrong_type("between", "an array of two sides", entry.value, entry.span, help, self.problems);
            return None;
        };
        let [one, other] = &sides[..] else {
            let message = format!("`between` must have two sides, not {}", sides.len());
            self.problems.report(Diagnostic::new(message).at(entry.span, "").help(help.to_owned()));
            return None;
        };
        let one = texts("between", one.get_ref(), one.span().into(), self.problems).ok();
        let other = texts("between", other.get_ref(), other.span().into(), self.problems).ok();
        let one = one.and_then(|texts| self.targets(texts));
        let other = other.and_then(|texts| self.targets(texts));
        Some((one?, other?))
    }

    /// `between = [A, B]`, or `from = A` and `to = B`
    fn cut(&mut self) -> Option<Aim> {
        let one_way = self.table.place("from").or(self.table.place("to"));
        if let (Some(one_way), Some(between)) = (one_way, self.table.place("between")) {
            let message = "a partition is either both ways or one way";
            let diagnostic = Diagnostic::new(message).at(between, "`between` means both ways");
            self.problems.report(diagnostic.at(one_way, "`from` and `to` mean one way"));
        }
        if one_way.is_some() {
            let _ = self.between(false);
            let (from, to) = (self.target("from"), self.target("to"));
            return Some(Aim::Links { from: from?, to: to?, way: Way::OneWay });
        }
        // Asked for so that they are suggested.
        let _ = (self.table.take("from"), self.table.take("to"));
        let (from, to) = self.between(true)?;
        Some(Aim::Links { from, to, way: Way::Both })
    }
}
