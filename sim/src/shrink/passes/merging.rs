//! Faults that do the same to different hosts become one fault.

use std::collections::BTreeSet;

use crate::nemesis::{Aim, Fault, Span, Start, Until};
use crate::scenario::Scenario;
use crate::shrink::edit::without_faults;
use crate::shrink::simpler::roughness;
use crate::shrink::subject::Subject;

/// Every two faults that can be one: it hits the hosts of both, at the time of either, for as long as either.
pub(super) fn changes(subject: &Subject) -> Vec<Scenario> {
    let faults = &subject.scenario.plan.faults;
    let mut changes = Vec::new();
    for (index, one) in faults.iter().enumerate() {
        for (other_index, other) in faults.iter().enumerate().skip(index + 1) {
            for merged in merged(one, other) {
                let mut scenario = subject.scenario.clone();
                scenario.plan.faults[index] = merged;
                let whole = Subject { scenario, report: subject.report.clone() };
                changes.push(without_faults(&whole, &BTreeSet::from([other_index])));
            }
        }
    }
    changes
}

/// One fault instead of two, in some ways.
fn merged(one: &Fault, other: &Fault) -> Vec<Fault> {
    let (Aim::Hosts(hosts), Aim::Hosts(others)) = (&one.harm.aim, &other.harm.aim) else { return Vec::new() };
    let (Start::At(at), Start::At(other_at)) = (&one.start, &other.start) else { return Vec::new() };
    if one.harm.action != other.harm.action {
        return Vec::new();
    }
    let mut all = [&hosts[..], others].concat();
    all.sort();
    all.dedup();
    let both = |start: Span<_>, until: &Until| {
        let mut fault = one.clone();
        fault.harm.aim = Aim::Hosts(all.clone());
        (fault.start, fault.harm.until) = (Start::At(start), until.clone());
        fault.may_miss |= other.may_miss;
        fault
    };
    let mut starts = [*at, *other_at];
    starts.sort_by_key(|start| roughness(start.low));
    let mut untils = [&one.harm.until, &other.harm.until];
    untils.sort_by_key(|until| match until {
        Until::Lasts(lasts) => (roughness(lasts.low), lasts.low),
        _ => Default::default(),
    });
    let mut ways: Vec<Fault> = Vec::new();
    for start in starts {
        for until in untils {
            let way = both(start, until);
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
    }
    ways
}
