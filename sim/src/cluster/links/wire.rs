//! Makes turmoil's links what [`Links`] says of cuts, the only disturbance turmoil is asked for.

use std::collections::BTreeSet;

use turmoil::{Protocol, Segment, Sim};

use super::{Direction, Disturbance, Links, Met, Reason};

/// Disturbs these directions for a reason.
pub fn disturb(
    sim: &Sim<'_>,
    links: &Links,
    reason: Reason,
    disturbance: Disturbance,
    directions: &BTreeSet<Direction>,
) {
    let cuts = matches!(disturbance, Disturbance::Cut);
    let met = if cuts { in_flight(sim, directions) } else { Met::default() };
    links.disturb(reason, disturbance, directions.clone(), met);
    apply(sim, links, directions);
}

/// Ends a disturbance; what met it.
pub fn restore(sim: &Sim<'_>, links: &Links, reason: &Reason) -> Option<Met> {
    let (directions, met) = links.restore(reason)?;
    apply(sim, links, &directions);
    Some(met)
}

fn apply(sim: &Sim<'_>, links: &Links, directions: &BTreeSet<Direction>) {
    for direction in directions {
        let (from, to) = (&*direction.0, &*direction.1);
        if links.is_cut(direction) {
            sim.partition_oneway(from, to);
        } else {
            sim.repair_oneway(from, to);
        }
    }
}

/// What a cut of these directions drops at once.
fn in_flight(sim: &Sim<'_>, directions: &BTreeSet<Direction>) -> Met {
    let addresses: BTreeSet<_> =
        directions.iter().map(|(from, to)| (sim.lookup(&**from), sim.lookup(&**to))).collect();
    let mut met = Met::default();
    sim.links(|links| {
        for sent in links.flatten() {
            let (from, to) = sent.pair();
            let hit = u64::from(addresses.contains(&(from.ip(), to.ip())));
            match sent.protocol() {
                Protocol::Tcp(Segment::Syn(_)) => met.attempts_failed += hit,
                _ => met.messages_dropped += hit,
            }
        }
    });
    met
}
