//! Schedules of faults.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::{bool, option};
use sim::nemesis::{Action, Fault, Harm, Limits, Plan, RandomFaults, Span, Start, Until};

use super::waits::{Wait, name, waits};
use super::{PHASE, harms, lengths, micros};

/// Faults of all sorts, scripted and random, within limits or without.
pub fn any() -> impl Strategy<Value = Plan> {
    let limits = (option::of(0..4_usize), option::of(0..4_usize))
        .prop_map(|(brokers_down, lossy_crashes)| Limits { brokers_down, lossy_crashes });
    (faults(|| harms::harms(harms::any())), nemeses(), limits).prop_map(|(faults, random, limits)| {
        // Without anything to limit, they follow from the topics, as in every workload.
        let limits = if random.is_empty() { Limits::default() } else { limits };
        Plan { faults, random, limits }
    })
}

/// What the contract covers: scripted faults are never held back, so these forget nothing; random ones may do anything, and
/// the limits see to it that one broker at most is down, or has forgotten something and is not whole again.
pub fn within_contract() -> impl Strategy<Value = Plan> {
    (faults(|| harms::harms(harms::gentle())), nemeses()).prop_map(|(faults, random)| Plan {
        faults,
        random,
        limits: Limits::default(),
    })
}

/// A fault, but for what depends on the faults before it.
type Draft = (Harm, Span<Duration>, u8, u8, Wait, Wait, bool, Option<u64>);

fn faults<S: Strategy<Value = Harm>>(harms: impl Fn() -> S) -> impl Strategy<Value = Vec<Fault>> {
    let draft = (harms(), lengths(), 0..2_u8, 0..4_u8, waits(), waits(), bool::ANY, option::of(0..9_u64));
    vec(draft, 0..4).prop_map(|drafts| {
        let fault = |(position, draft): (usize, Draft)| {
            let (mut harm, at, start, end, first, second, may_miss, stream): Draft = draft;
            if harm.until != Until::Instant {
                match end {
                    1 if harm.action != Action::Restart => harm.until = Until::Heal,
                    2 => harm.until = Until::At(PHASE - micros(99_999)),
                    3 => harm.until = Until::When(second.trigger(position)),
                    _ => {}
                }
            }
            let start = if start == 0 { Start::At(at) } else { Start::When(first.trigger(position)) };
            Fault { name: Some(name(position)), start, harm, may_miss, stream, line: 0 }
        };
        drafts.into_iter().enumerate().map(fault).collect()
    })
}

fn nemeses() -> impl Strategy<Value = Vec<RandomFaults>> {
    let nemesis = (harms::harms(harms::any()), lengths(), option::of(1..9_u64), bool::ANY);
    let nemesis = nemesis.prop_map(|(harm, every, at_most, may_miss)| RandomFaults {
        harm,
        every,
        at_most,
        may_miss,
        line: 0,
    });
    vec(nemesis, 0..3)
}
