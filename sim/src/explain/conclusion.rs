//! The sentence that says what became of all copies of a record.

use broker_core::time::Timestamp;
use broker_core::types::BrokerId;

use super::death::{Cause, Death, death};
use super::explanation::CopyFate;
use super::life::Life;
use super::scene::Scene;
use crate::trace::seconds;

/// What became of each copy, in the order in which they were written.
pub(super) fn fates(scene: &Scene<'_>, life: &Life) -> Vec<CopyFate> {
    let fate = |copy: &super::life::Copy| {
        let death = copy.end.as_ref().map(|end| death(scene, life, copy, end));
        let words = match &death {
            Some(death) => phrase(death.cause, &[seconds(Timestamp(death.time_us))], death.why.as_deref()),
            None => standing(scene, life, copy),
        };
        CopyFate {
            host: scene.host(copy.host).to_owned(),
            written_us: scene.entry(copy.born).time.0,
            flushed_us: copy.flushed.map(|at| scene.entry(at).time.0),
            death,
            words,
        }
    };
    life.copies.iter().map(fate).collect()
}

/// `all 3 copies died: broker-1's by the power loss at 4.000s (never flushed there); …`
pub(super) fn conclusion(scene: &Scene<'_>, life: &Life, copies: &[CopyFate]) -> String {
    let mut dead: Vec<&CopyFate> = copies.iter().filter(|copy| copy.death.is_some()).collect();
    dead.sort_by_key(|copy| (copy.death.as_ref().map(|death| death.time_us), &copy.host));
    let mut parts = grouped(&dead);
    let alive = copies.iter().filter(|copy| copy.death.is_none());
    parts.extend(alive.map(|copy| format!("{} {}", copy.host, copy.words)));
    let mut hosts: Vec<&str> = copies.iter().map(|copy| copy.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let count = match (copies.len(), dead.len()) {
        (1, 1) => return format!("its only copy died: {}", parts.join("; ")),
        (2, 2) if hosts.len() == 2 => "both copies died".to_owned(),
        (all, dead) if all == dead && hosts.len() < all => {
            format!("all {all} copies on {} died", of_hosts(hosts.len()))
        }
        (all, dead) if all == dead => format!("all {all} copies died"),
        (all, 0) => {
            let state = if leader_has_it(scene, life) { "there" } else { "hidden" };
            if all == 1 {
                format!("its only copy is {state}")
            } else {
                format!("all {all} copies are {state}")
            }
        }
        (all, dead) => format!("{dead} of {all} copies died"),
    };
    let reused = life.reused.filter(|at| life.last_end().is_none_or(|end| *at < end));
    let reused = reused.map_or_else(String::new, |at| {
        format!(
            "; {} had given its offset to another record at {}",
            scene.host(scene.entry(at).host),
            scene.time(at)
        )
    });
    format!("{count}: {}{reused}", parts.join("; "))
}

/// Copies that died of the same are told together.
fn grouped(dead: &[&CopyFate]) -> Vec<String> {
    let mut groups: Vec<(Cause, Option<&str>, Vec<&CopyFate>)> = Vec::new();
    for copy in dead {
        let death = copy.death.as_ref().expect("the dead have died");
        let (cause, why) = (death.cause, death.why.as_deref());
        match groups.iter_mut().find(|group| (group.0, group.1) == (cause, why)) {
            Some(group) => group.2.push(copy),
            None => groups.push((cause, why, vec![copy])),
        }
    }
    let told = groups.into_iter().map(|(cause, why, copies)| {
        let mut owners: Vec<String> = copies.iter().map(|copy| format!("{}'s", copy.host)).collect();
        owners.dedup();
        let time = |death: &Death| seconds(Timestamp(death.time_us));
        let mut times: Vec<String> = copies.iter().filter_map(|copy| copy.death.as_ref().map(time)).collect();
        times.dedup();
        format!("{} {}", listed(&owners), phrase(cause, &times, why))
    });
    told.collect()
}

/// `by truncation at 6.099s, because broker-1 …`
fn phrase(cause: Cause, times: &[String], why: Option<&str>) -> String {
    let times = match times {
        [first, _, .., last] => format!("{first} to {last}"),
        few => listed(few),
    };
    match why {
        Some(why) if why.starts_with("because ") => format!("by {} at {times}, {why}", cause.noun()),
        Some(why) => format!("by {} at {times} ({why})", cause.noun()),
        None => format!("by {} at {times}", cause.noun()),
    }
}

/// What keeps a record from being read that is still there.
fn standing(scene: &Scene<'_>, life: &Life, copy: &super::life::Copy) -> String {
    let name = scene.host(copy.host);
    if let Some(down) = scene.down_since(copy.host) {
        return format!("{} at {} and never came back with it", scene.words(down), scene.time(down));
    }
    match scene.leader_in_the_end() {
        Some(leader) if leader.broker == BrokerId::NONE => "still has it, and nobody leads".to_owned(),
        Some(leader) if format!("broker-{}", leader.broker) == name => {
            let committed = life.committed.is_some();
            let why = if committed { "leads" } else { "leads without ever having counted it as committed" };
            format!("still has it, and {why}")
        }
        Some(leader) => {
            let is_member = leader.isr.iter().any(|member| format!("broker-{member}") == name);
            let where_to = if is_member { "in the ISR of" } else { "outside the ISR of" };
            let lacks = if leader_has_it(scene, life) { "" } else { ", which has not" };
            format!("still has it, {where_to} the leader broker-{}{lacks}", leader.broker)
        }
        None => "still has it".to_owned(),
    }
}

/// Whether whoever leads in the end has a copy that did not end.
fn leader_has_it(scene: &Scene<'_>, life: &Life) -> bool {
    let Some(leader) = scene.leader_in_the_end() else { return false };
    let name = format!("broker-{}", leader.broker);
    life.copies.iter().any(|copy| copy.end.is_none() && scene.host(copy.host) == name)
}

/// A host that lost its copy may have got another.
fn of_hosts(hosts: usize) -> String {
    if hosts == 1 { "one host".to_owned() } else { format!("{hosts} hosts") }
}

/// `a`, `a and b`, `a, b and c`
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
