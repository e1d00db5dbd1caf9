//! To whom it is done: `target`, `between`, or `from` and `to`.

use super::harm::Section;
use crate::nemesis::{Aim, Kind, Shape, Target, TargetError, Way};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span};
use crate::scenario::field::Field;
use crate::scenario::reader::{Table, texts, wrong_type};
use crate::scenario::suggest::suggest;

const SIDES: &str = "write `between = [A, B]`; A and B are each a target or an array of targets";

/// Targets and where each was written.
pub(super) type Targets = Vec<(Target, Span)>;

/// An aim and where its targets were written.
#[derive(Default)]
pub(in crate::scenario) struct AimDraft {
    /// `None` if it could not be read.
    pub aim: Option<Aim>,
    /// `target`, or one side of the links.
    pub one: Targets,
    /// The other side.
    pub other: Targets,
}

impl AimDraft {
    /// Every target, in the order of the text.
    pub fn targets(&self) -> impl Iterator<Item = &(Target, Span)> {
        self.one.iter().chain(&self.other)
    }
}

/// Reads the aim that a kind of this shape has.
pub(super) fn aim(table: &mut Table<'_>, kind: &Kind, section: Section, problems: &mut Problems) -> AimDraft {
    let hosts = (kind.shape != Shape::Links).then(|| table.place("target")).flatten();
    let one_way = table.place("from").or(table.place("to"));
    let between = table.place("between");
    let links = if kind.shape == Shape::Hosts { None } else { between.or(one_way) };
    if let (Some(hosts), Some(links)) = (hosts, links) {
        let message = format!("a `{}` is aimed either at hosts or at links", kind.name);
        let diagnostic = Diagnostic::new(message).at(links, "the links between two groups");
        problems.report(diagnostic.at(hosts, "all links of these hosts").help("keep one of them".to_owned()));
    }
    let hosts_draft = (kind.shape != Shape::Links).then(|| at_hosts(table, problems));
    let links_draft = (kind.shape != Shape::Hosts).then(|| at_links(table, kind, problems));
    match (hosts, links) {
        (Some(_), _) => hosts_draft.unwrap_or_default(),
        (None, Some(_)) => links_draft.unwrap_or_default(),
        // What stands there instead is foreign, and reported as such.
        _ if one_way.or(between).or(table.place("target")).is_some() => AimDraft::default(),
        _ if section == Section::Nemesis => usually(kind),
        _ => {
            missing(table, kind, problems);
            AimDraft::default()
        }
    }
}

fn missing(table: &Table<'_>, kind: &Kind, problems: &mut Problems) {
    let (key, help) = match kind.shape {
        Shape::Hosts => ("target", None),
        Shape::Links => ("between", Some("write `between = [A, B]`, or `from` and `to` for one way only")),
        Shape::HostsOrLinks => (
            "target",
            Some("or write `between = [A, B]`, or `from` and `to`, for the links between two groups"),
        ),
    };
    let diagnostic = Diagnostic::new(format!("missing key `{key}`"));
    let diagnostic = diagnostic.at(table.header(), format!("`{key}` is missing here"));
    problems.report(diagnostic.help(help.map(str::to_owned)));
}

/// What a random fault is aimed at if nobody says it.
fn usually(kind: &Kind) -> AimDraft {
    let target = |text: &&str| text.parse::<Target>().expect("the table of kinds holds targets");
    let targets: Vec<Target> = kind.usually.iter().map(target).collect();
    let aim = match (kind.shape, &targets[..]) {
        (Shape::Links, [one, other]) => {
            Aim::Links { from: vec![one.clone()], to: vec![other.clone()], way: Way::Both }
        }
        _ => Aim::Hosts(targets),
    };
    AimDraft { aim: Some(aim), ..AimDraft::default() }
}

fn at_hosts(table: &mut Table<'_>, problems: &mut Problems) -> AimDraft {
    let hosts = targets(table, "target", problems).ok();
    let aim = hosts.as_ref().map(|hosts| Aim::Hosts(values(hosts)));
    AimDraft { aim, one: hosts.unwrap_or_default(), other: Vec::new() }
}

/// `between = [A, B]`, or `from = A` and `to = B`
fn at_links(table: &mut Table<'_>, kind: &Kind, problems: &mut Problems) -> AimDraft {
    let one_way = table.place("from").or(table.place("to"));
    if let (Some(one_way), Some(between)) = (one_way, table.place("between")) {
        let message = format!("a `{}` is either both ways or one way", kind.name);
        let diagnostic = Diagnostic::new(message).at(between, "`between` means both ways");
        problems.report(diagnostic.at(one_way, "`from` and `to` mean one way"));
    }
    let (between, from, to) =
        (between(table, problems), targets(table, "from", problems), targets(table, "to", problems));
    let (sides, way) = if one_way.is_some() {
        let from = from.required("from", table, problems).ok();
        (from.zip(to.required("to", table, problems).ok()), Way::OneWay)
    } else {
        (between, Way::Both)
    };
    let Some((one, other)) = sides else { return AimDraft::default() };
    let aim = Some(Aim::Links { from: values(&one), to: values(&other), way });
    AimDraft { aim, one, other }
}

fn between(table: &mut Table<'_>, problems: &mut Problems) -> Option<(Targets, Targets)> {
    let entry = table.take("between")?;
    let Some(sides) = entry.value.as_array() else {
        let expected = "an array of two sides";
        let _: Field<()> = wrong_type("between", expected, entry.value, entry.span, SIDES, problems);
        return None;
    };
    let [one, other] = &sides[..] else {
        let message = format!("`between` must have two sides, not {}", sides.len());
        problems.report(Diagnostic::new(message).at(entry.span, "").help(SIDES.to_owned()));
        return None;
    };
    let one = texts("between", one.get_ref(), one.span().into(), problems).ok();
    let other = texts("between", other.get_ref(), other.span().into(), problems).ok();
    let one = one.and_then(|texts| parse(texts, problems));
    let other = other.and_then(|texts| parse(texts, problems));
    one.zip(other)
}

/// A target or an array of them.
pub(super) fn targets(table: &mut Table<'_>, key: &'static str, problems: &mut Problems) -> Field<Targets> {
    let Some(entry) = table.take(key) else { return Field::Absent };
    match texts(key, entry.value, entry.span, problems) {
        Field::Given(texts, span) => {
            parse(texts, problems).map_or(Field::Wrong, |targets| Field::Given(targets, span))
        }
        Field::Absent | Field::Wrong => Field::Wrong,
    }
}

/// Reports each text that is no target; `None` if there is one.
fn parse(texts: Vec<(String, Span)>, problems: &mut Problems) -> Option<Targets> {
    let count = texts.len();
    let mut targets = Targets::new();
    for (text, span) in texts {
        match text.parse::<Target>() {
            Ok(target) => targets.push((target, span)),
            Err(error) => {
                let help = match &error {
                    TargetError::Unknown(word) => suggest(word, Target::words()),
                    TargetError::Form { .. } => None,
                };
                problems.report(Diagnostic::new(error.to_string()).at(span, "").help(help));
            }
        }
    }
    (targets.len() == count).then_some(targets)
}

pub(super) fn values(targets: &Targets) -> Vec<Target> {
    targets.iter().map(|(target, _)| target.clone()).collect()
}
