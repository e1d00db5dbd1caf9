//! Faults that wait for each other by name.

use super::scripted::FaultDraft;
use super::when::Written;
use crate::nemesis::{Happening, Start, Until};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span};
use crate::scenario::field::Field;
use crate::scenario::suggest::suggest;

/// One side of a fault's life: its beginning or its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    fault: usize,
    end: bool,
}

/// What a turn waits for, and where that is written.
struct Wait {
    turn: Turn,
    of: Turn,
    place: Span,
}

/// Reports names that two faults have, names that no other fault has, and faults that wait for each other in a circle.
pub(in crate::scenario) fn check(faults: &[FaultDraft], problems: &mut Problems) {
    super::scripted::check_unique(faults, problems);
    let waits: Vec<Wait> = (0..faults.len()).flat_map(|fault| waits(fault, faults, problems)).collect();
    circles(&waits, faults, problems);
}

fn waits(index: usize, faults: &[FaultDraft], problems: &mut Problems) -> Vec<Wait> {
    let fault = &faults[index];
    let start = fault.start.as_ref().and_then(|start| match &start.value {
        Start::When(trigger) => Some((false, &trigger.what, place(start)?)),
        Start::At(_) => None,
    });
    let until = fault.harm.as_ref().and_then(|harm| harm.until.as_ref());
    let until = until.and_then(|until| match &until.value {
        Until::When(trigger) => Some((true, &trigger.what, place(until)?)),
        _ => None,
    });
    let mut waits = Vec::new();
    for (end, what, place) in start.into_iter().chain(until) {
        let (name, of_end) = match what {
            Happening::FaultStarted(name) => (name, false),
            Happening::FaultEnded(name) => (name, true),
            Happening::Event { .. } => continue,
        };
        match find(faults, name) {
            Some(other) if other == index => {
                let diagnostic = Diagnostic::new(format!("fault `{name}` waits for itself")).at(place, "");
                problems.report(diagnostic.maybe_at(name_place(fault), "this is its own name"));
            }
            Some(other) => waits.push(Wait {
                turn: Turn { fault: index, end },
                of: Turn { fault: other, end: of_end },
                place,
            }),
            None => unknown(name, place, faults, problems),
        }
    }
    waits
}

fn unknown(name: &str, place: Span, faults: &[FaultDraft], problems: &mut Problems) {
    // The name may be one that could not be read.
    if faults.iter().any(|fault| matches!(fault.name, Field::Wrong)) {
        return;
    }
    let names: Vec<&str> = faults.iter().filter_map(name_of).collect();
    let help = if names.is_empty() {
        Some(format!("no fault has a name: write `name = {name:?}` in the one that is meant"))
    } else {
        suggest(name, names)
    };
    problems.report(Diagnostic::new(format!("there is no fault called `{name}`")).at(place, "").help(help));
}

/// Each turn waits for one other at most, and an end for its own beginning too. Follows each until it comes round.
fn circles(waits: &[Wait], faults: &[FaultDraft], problems: &mut Problems) {
    let mut reported: Vec<Turn> = Vec::new();
    for first in waits {
        let mut path = Vec::new();
        if reported.contains(&first.turn) || !comes_round(first.turn, first, waits, &mut path) {
            continue;
        }
        reported.extend(path.iter().map(|wait| wait.turn));
        let message = "these faults wait for each other: none of this ever happens";
        let mut diagnostic = Diagnostic::new(message);
        for wait in path {
            let verb = if wait.turn.end { "ends" } else { "begins" };
            let after = if wait.of.end { "has ended" } else { "has begun" };
            let (who, whom) = (called(wait.turn.fault, faults), called(wait.of.fault, faults));
            diagnostic = diagnostic.at(wait.place, format!("{who} {verb} after {whom} {after}"));
        }
        problems.report(diagnostic);
    }
}

/// Whether what this wait is for waits, over any number of steps, for `goal`; `path` holds the steps then.
fn comes_round<'a>(goal: Turn, wait: &'a Wait, waits: &'a [Wait], path: &mut Vec<&'a Wait>) -> bool {
    path.push(wait);
    let beginning = Turn { fault: wait.of.fault, end: false };
    let mut arrived = wait.of == goal || (wait.of.end && beginning == goal);
    if !arrived {
        let mut next =
            waits.iter().filter(|next| next.turn == wait.of || (wait.of.end && next.turn == beginning));
        arrived = next.any(|next| {
            let known = path.iter().any(|step| step.turn == next.turn);
            !known && comes_round(goal, next, waits, path)
        });
    }
    if !arrived {
        path.pop();
    }
    arrived
}

fn place<T>(written: &Written<T>) -> Option<Span> {
    written.trigger.as_ref().and_then(|trigger| trigger.fault)
}

fn name_of(fault: &FaultDraft) -> Option<&str> {
    match &fault.name {
        Field::Given(name, _) => Some(name),
        Field::Absent | Field::Wrong => None,
    }
}

fn name_place(fault: &FaultDraft) -> Option<Span> {
    match &fault.name {
        Field::Given(_, span) => Some(*span),
        Field::Absent | Field::Wrong => None,
    }
}

fn find(faults: &[FaultDraft], name: &str) -> Option<usize> {
    faults.iter().position(|fault| name_of(fault) == Some(name))
}

fn called(fault: usize, faults: &[FaultDraft]) -> String {
    name_of(&faults[fault]).map_or_else(|| "this fault".to_owned(), |name| format!("`{name}`"))
}
