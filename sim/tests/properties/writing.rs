//! What is written as a scenario reads as the same scenario.

use std::path::PathBuf;

use proptest::prelude::*;
use sim::scenario::{Scenario, discover, load, parse};
use sim::seed::Seed;

use crate::property::config;
use crate::strategies::{PHASE, plans};

const EVERYTHING: &str = include_str!("../diagnostics/valid/everything.toml");
/// Without what depends on the text.
fn bare(mut scenario: Scenario) -> Scenario {
    scenario.path.clear();
    scenario.source = "".into();
    scenario.plan.faults.iter_mut().for_each(|fault| fault.line = 0);
    scenario.plan.random.iter_mut().for_each(|random| random.line = 0);
    scenario
}

#[test]
fn every_shipped_scenario_survives_being_written() {
    let paths = [PathBuf::from("../scenarios"), PathBuf::from("tests/diagnostics/valid")];
    for path in discover(&paths).unwrap() {
        let scenario = load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        // A swarm is written as what it draws.
        let seeds = if scenario.swarm.is_some() { 1..=50 } else { 1..=1 };
        for scenario in seeds.map(|seed| scenario.draw(Seed(seed)).0) {
            let text = scenario.to_toml();
            let again = parse("written.toml", &text).unwrap_or_else(|problems| panic!("{text}\n{problems}"));
            assert_eq!(bare(again.clone()), bare(scenario), "{text}");
            assert_eq!(again.to_toml(), text);
        }
    }
}

#[test]
fn what_is_written_is_what_a_person_would_write() {
    let source = "name = 'small'\nseed = 7\n[[topic]]\nname = 'orders'\nmin.insync.replicas = 2\n\
                  [[producer]]\nacks = 'all'\ntopics = ['orders']\n";
    let faults = "[[fault]]\nkind = 'wipe'\ntarget = 'controller'\n\
                  when = { event = 'record_appended', nth = 3, topic_partition = 'orders-0' }\n\
                  [[nemesis]]\nkind = 'clock_drift'\nby = '-1%..1%'\nevery = '1s'\n";
    let scenario =
        parse("small.toml", &format!("{source}{faults}")).unwrap_or_else(|problems| panic!("{problems}"));
    let text = scenario.to_toml_with(|fault| Some(format!("Fault {fault} hits controller.\nTwice.")));
    let expected = r#"name = "small"
seed = 7

[cluster]
brokers = 3

[[topic]]
name                = "orders"
partitions          = 1
replication.factor  = 3
min.insync.replicas = 2

[[producer]]
topics  = ["orders"]
records = 400
rate    = "100/s"
acks    = "all"

# Fault 0 hits controller.
# Twice.
[[fault]]
kind   = "wipe"
target = "controller"
when   = { event = "record_appended", nth = 3, topic_partition = "orders-0" }

[[nemesis]]
kind   = "clock_drift"
target = "random"
every  = "1s"
by     = "-1%..+1%"
lasts  = "100ms..2s"

[phases]
warmup   = "10s"
faults   = "10s"
liveness = "20s"

[expect]
verdict = "pass"
"#;
    assert_eq!(text, expected);
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn any_plan_survives_being_written(plan in plans::any(), seed in any::<Option<u64>>(), story in "[ -~\"\n\r\t]{0,30}") {
        let mut scenario = parse("x.toml", EVERYTHING).unwrap();
        (scenario.plan, scenario.seed, scenario.story) = (plan, seed.map(Seed), story);
        scenario.phases.faults = PHASE;
        let text = scenario.to_toml();
        match parse("written.toml", &text) {
            Ok(again) => prop_assert_eq!(bare(again), bare(scenario)),
            // Drawn faults may contradict each other, and the sides of drawn links be the same host.
            Err(problems) => {
                let contradicts = |message: &str| {
                    message.contains("changes nothing") || message.contains("there is nothing between them")
                };
                prop_assert!(problems.iter().all(|it| contradicts(it.message())), "{}\n{}", text, problems);
            }
        }
    }
}
