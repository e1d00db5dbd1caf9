//! Two scripted faults that want the same host at the same time, so that the second changes nothing.
//!
//! Reported only where it is certain and plainly a mistake: both begin at times, whatever is drawn, and both name the same
//! hosts. That nobody leads while all brokers are down is for the run to find out.

use std::time::Duration;

use super::scripted::FaultDraft;
use super::when::times;
use crate::nemesis::{Action, Aim, Fault, Span as Values, Target, Until, Way};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span};
use crate::scenario::units::duration_text;

/// A fault with times.
struct Timed {
    fault: Fault,
    start: Values<Duration>,
    /// The earliest and the latest time it ends.
    end: Values<Duration>,
    start_place: Span,
}

/// Reports each fault that certainly changes nothing because of another one. `phase` is when everything is healed.
pub(in crate::scenario) fn check(faults: &[FaultDraft], phase: Duration, problems: &mut Problems) {
    let mut timed: Vec<Timed> = faults.iter().filter_map(|draft| Timed::of(draft, phase)).collect();
    // Stable: of those that begin at the same time the first of the file is the first.
    timed.sort_by_key(|timed| timed.start.low);
    for (index, second) in timed.iter().enumerate() {
        if second.fault.may_miss {
            continue;
        }
        let Some(first) = timed[..index].iter().find(|first| leaves_nothing(first, second)) else { continue };
        problems.report(contradiction(first, second));
    }
}

impl Timed {
    fn of(draft: &FaultDraft, phase: Duration) -> Option<Timed> {
        let fault = draft.spec()?;
        let (start, start_place) = draft.start.as_ref().and_then(|it| Some((times(&it.value)?, it.span)))?;
        let end = match fault.harm.until {
            Until::Heal => Values::exactly(phase),
            Until::Instant => start,
            Until::Lasts(lasts) => Values { low: start.low + lasts.low, high: start.high + lasts.high },
            Until::At(end) => Values::exactly(end),
            // It may come at once, or never.
            Until::When(_) => Values { low: start.high, high: phase },
        };
        let end = Values { low: end.low.min(phase), high: end.high.min(phase) };
        Some(Timed { fault, start, end, start_place })
    }

    /// Whether this is under way whenever the other begins.
    fn holds_when_begins(&self, other: &Timed) -> bool {
        self.start.high <= other.start.low && other.start.high < self.end.low
    }

    /// Whether both certainly begin at one moment, and so see the same roles.
    fn begins_with(&self, other: &Timed) -> bool {
        self.start.low == self.start.high && self.start == other.start
    }
}

fn leaves_nothing(first: &Timed, second: &Timed) -> bool {
    let same_moment = first.begins_with(second);
    if !first.holds_when_begins(second) {
        return false;
    }
    let (one, other) = (&first.fault.harm, &second.fault.harm);
    match (&one.action, &other.action) {
        // Who has no process cannot lose it, and who has no power cannot either; a dead process can still lose power.
        (
            Action::Kill | Action::PowerLoss(_) | Action::Wipe,
            Action::Kill | Action::Restart | Action::Pause,
        )
        | (Action::PowerLoss(_), Action::PowerLoss(_))
        | (Action::Wipe, Action::Wipe) => hosts_within(&other.aim, &one.aim, same_moment),
        (Action::Pause, Action::Pause) => {
            second.end.high <= first.end.low && hosts_within(&other.aim, &one.aim, same_moment)
        }
        (Action::Cut, Action::Cut) | (Action::Hold, Action::Hold) => {
            second.end.high <= first.end.low && links_within(&other.aim, &one.aim, same_moment)
        }
        _ => false,
    }
}

/// Whether every host of `inner` is certainly one of `outer`.
fn hosts_within(inner: &Aim, outer: &Aim, same_moment: bool) -> bool {
    match (inner, outer) {
        (Aim::Hosts(inner), Aim::Hosts(outer)) => group_within(inner, outer, same_moment),
        _ => false,
    }
}

/// Whether every link of `inner` is certainly one of `outer`.
fn links_within(inner: &Aim, outer: &Aim, same_moment: bool) -> bool {
    let within = |inner: &[Target], outer: &[Target]| group_within(inner, outer, same_moment);
    match (inner, outer) {
        (Aim::Hosts(inner), Aim::Hosts(outer)) => within(inner, outer),
        (Aim::Links { from, to, .. }, Aim::Hosts(outer)) => within(from, outer) || within(to, outer),
        (Aim::Hosts(_), Aim::Links { .. }) => false,
        (Aim::Links { from, to, way }, Aim::Links { from: one, to: other, way: outer }) => {
            let straight = within(from, one) && within(to, other);
            let turned = within(from, other) && within(to, one);
            match outer {
                Way::Both => straight || turned,
                Way::OneWay => *way == Way::OneWay && straight,
            }
        }
    }
}

fn group_within(inner: &[Target], outer: &[Target], same_moment: bool) -> bool {
    inner.iter().all(|target| outer.iter().any(|group| is_within(target, group, same_moment)))
}

/// Whether a target certainly means hosts of the other, although they may be resolved at different times.
fn is_within(target: &Target, group: &Target, same_moment: bool) -> bool {
    let drawn = matches!(target, Target::Random | Target::Minority | Target::RandomClient | Target::Others);
    let fixed = matches!(
        target,
        Target::Broker(_) | Target::Controller | Target::Client(_) | Target::AllBrokers | Target::Clients
    );
    if target == group && (fixed || (same_moment && !drawn)) {
        return true;
    }
    match group {
        Target::AllBrokers => matches!(target, Target::Broker(_)),
        Target::Clients => matches!(target, Target::Client(_)),
        _ => false,
    }
}

fn contradiction(first: &Timed, second: &Timed) -> Diagnostic {
    let (one, other) = (first.fault.harm.kind(), second.fault.harm.kind());
    let until = match first.fault.harm.until {
        Until::Heal => "the heal".to_owned(),
        _ => duration_text(first.end.low),
    };
    let aim = &second.fault.harm.aim;
    let plural = match aim {
        Aim::Hosts(hosts) => 1 < hosts.len() || matches!(hosts[..], [Target::AllBrokers | Target::Clients]),
        Aim::Links { .. } => false,
    };
    let are = if plural { "are" } else { "is" };
    let what = second.fault.harm.aim_text();
    let state = match one.name {
        "kill" | "wipe" => "down",
        "power_loss" => "without power",
        "pause" => "paused",
        "hold" => "held",
        _ => "cut",
    };
    let message = format!("this `{}` changes nothing: `{what}` {are} already {state} then", other.name);
    let diagnostic = Diagnostic::new(message).at(second.start_place, "again here");
    let diagnostic = diagnostic.at(first.start_place, format!("{state} from here to {until}"));
    diagnostic.help("move one of them, or write `may_miss = true` if this is meant".to_owned())
}
