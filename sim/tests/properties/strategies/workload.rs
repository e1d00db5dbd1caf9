//! Clusters, and what clients do with them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sim::checker::Anomaly;
use sim::scenario::{ExpectedVerdict, Scenario, parse};

use super::PHASE;

/// Three replicas, two of them in sync, acks=all and idempotence: nothing acknowledged is lost or written twice.
pub fn keeps_its_promise() -> impl Strategy<Value = Scenario> {
    // As many records as the fault phase has time for, at the lowest rate.
    let producers = vec((1..=15_u64, select(vec![100_u64, 50, 200])), 1..=3);
    (producers, 0..=2_usize, 1..=4_u32, 3..=5_u32).prop_map(|(producers, consumers, partitions, brokers)| {
        scenario(&producers, consumers, partitions, brokers)
    })
}

/// The same, but whatever a judge may find is no surprise.
pub fn may_violate_anything() -> impl Strategy<Value = Scenario> {
    keeps_its_promise().prop_map(|mut scenario| {
        scenario.expect.verdict = ExpectedVerdict::PassOr(Anomaly::ALL.to_vec());
        scenario
    })
}

fn scenario(producers: &[(u64, u64)], consumers: usize, partitions: u32, brokers: u32) -> Scenario {
    let mut text = format!(
        "name = \"property\"\nstory = \"Whatever the strategies draw.\"\n\
         [cluster]\nbrokers = {brokers}\n\
         [[topic]]\nname = \"orders\"\npartitions = {partitions}\nreplication.factor = 3\nmin.insync.replicas = 2\n"
    );
    for (tens, rate) in producers {
        text +=
            &format!("[[producer]]\ntopics = [\"orders\"]\nrecords = {}\nrate = \"{rate}/s\"\n", tens * 10);
    }
    text += &"[[consumer]]\ntopics = [\"orders\"]\n".repeat(consumers);
    text += &format!("[phases]\nfaults = \"{}s\"\n", PHASE.as_secs());
    parse("property.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}
