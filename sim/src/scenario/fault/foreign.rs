//! Keys that another kind or another section has: said so, instead of "unknown key".

use super::harm::Section;
use super::parameters::PARAMETERS;
use crate::nemesis::{Kind, Length, Shape};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span};
use crate::scenario::reader::Table;

/// Why a key does not belong to this kind, and what to do instead.
struct Reason {
    why: String,
    help: String,
}

/// Reports keys that nobody took although somebody else has them.
pub(super) fn report(
    table: &mut Table<'_>,
    (kind, place): (&Kind, Span),
    section: Section,
    problems: &mut Problems,
) {
    let own = ["target", "between", "from", "to", "down_for", "lasts", "until"];
    let parameters = PARAMETERS.iter().map(|(key, _)| *key);
    for key in own.into_iter().chain(parameters) {
        if section == Section::Nemesis && key == "until" && kind.length != Length::Instant {
            continue;
        }
        let Some(span) = table.discard(key) else { continue };
        let Reason { why, help } = reason(key, kind);
        let mut diagnostic = Diagnostic::new(format!("`{}` has no key `{key}`", kind.name)).at(span, "");
        if !why.is_empty() {
            diagnostic = diagnostic.at(place, why);
        }
        problems.report(diagnostic.help((!help.is_empty()).then_some(help)));
    }
    let elsewhere: &[(&str, &str)] = match section {
        Section::Fault => &[
            ("every", "`every` is a key of `[[nemesis]]`, whose faults are drawn from the seed"),
            ("at_most", "`at_most` is a key of `[[nemesis]]`, whose faults are drawn from the seed"),
        ],
        Section::Nemesis => &[
            ("at", "its faults begin at times drawn from the seed: write `every`, or make it a `[[fault]]`"),
            (
                "when",
                "its faults begin at times drawn from the seed: write `every`, or make it a `[[fault]]`",
            ),
            ("until", "its faults last for a time drawn from the seed: write a range of durations"),
            ("name", "only a `[[fault]]` has a name, because a name means one fault"),
        ],
    };
    for (key, help) in elsewhere {
        if let Some(span) = table.discard(key) {
            let what = if section == Section::Fault { "fault" } else { "nemesis" };
            let diagnostic = Diagnostic::new(format!("a {what} has no key `{key}`")).at(span, "");
            problems.report(diagnostic.help((*help).to_owned()));
        }
    }
}

fn reason(key: &str, kind: &Kind) -> Reason {
    let of = |why: &str, help: &str| Reason { why: why.to_owned(), help: help.to_owned() };
    match (key, kind.length) {
        ("target", _) => {
            of("it hits the links between two groups", "write `between = [A, B]`, or use `isolate`")
        }
        ("between" | "from" | "to", _) if kind.name == "isolate" => {
            of("it hits all links of its hosts", "write `target`, or use `partition`")
        }
        ("between" | "from" | "to", _) => {
            assert!(kind.shape == Shape::Hosts, "{} hits links", kind.name);
            of("it hits hosts, not links", "write `target`")
        }
        ("down_for" | "lasts" | "until", Length::Instant) => of("it is over at once", ""),
        ("down_for", _) => of("it goes on for a while, and nobody is down", "use `lasts`"),
        ("lasts", _) => of("its hosts are down for a while", "use `down_for`"),
        (parameter, _) => {
            let owners = PARAMETERS.iter().find(|(key, _)| *key == parameter).map(|(_, kinds)| *kinds);
            let owners = crate::scenario::suggest::list(owners.unwrap_or_default());
            of("", &format!("`{parameter}` is a key of {owners}"))
        }
    }
}
