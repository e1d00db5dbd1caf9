//! What may be drawn, in one place for all properties.
//!
//! A case that fails is shrunk: fewer faults first, then simpler ones, whose times are shorter and rounder; then fewer records
//! and fewer producers, consumers, partitions and brokers; another seed last, because it is another run. That order is the order in which
//! tuples name their parts, and each part is declared from its simplest value on.
//!
//! Reading order: [`harms`] (what is done to whom), [`waits`] (for what it waits), [`plans`], [`workload`].

pub mod harms;
pub mod plans;
pub mod waits;
pub mod workload;

use std::time::Duration;

use proptest::prelude::*;
use sim::nemesis::Span;
use sim::scenario::Scenario;
use sim::seed::Seed;

/// How long the fault phase is; what begins at a time begins, and may end at a time, within it.
pub const PHASE: Duration = Duration::from_secs(3);

fn micros(count: u64) -> Duration {
    Duration::from_micros(count)
}

/// Times before the last half second of [`PHASE`]: tenths of a second and something odd, in few steps from the roundest.
fn lengths() -> impl Strategy<Value = Span<Duration>> {
    let time = |tenths| (tenths, 0..8_u64).prop_map(|(tenths, odd)| micros(tenths * 100_000 + odd * 12_347));
    (time(1..15_u64), time(0..8_u64)).prop_map(|(low, more)| Span { low, high: low + more })
}

/// Clusters under load with faults of all sorts, any number of them at a time.
pub fn any_schedule() -> impl Strategy<Value = Scenario> {
    scenarios(plans::any(), workload::may_violate_anything())
}

/// Clusters under load that keep their promises whatever of this happens to them: one broker at most is down or has
/// forgotten something.
pub fn within_contract() -> impl Strategy<Value = Scenario> {
    scenarios(plans::within_contract(), workload::keeps_its_promise())
}

fn scenarios(
    plans: impl Strategy<Value = sim::nemesis::Plan>,
    workloads: impl Strategy<Value = Scenario>,
) -> impl Strategy<Value = Scenario> {
    (plans, workloads, 1..10_000_u64).prop_map(|(plan, workload, seed)| {
        // With a seed it is the record of a run, and faults that overlap are what happened then.
        Scenario { plan, seed: Some(Seed(seed)), ..workload }
    })
}
