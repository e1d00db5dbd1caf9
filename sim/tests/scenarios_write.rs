//! What is written as a scenario reads as the same scenario.

use std::path::PathBuf;
use std::time::Duration;

use broker_core::types::TopicPartition;
use proptest::prelude::*;
use proptest::sample::select;
use sim::nemesis::{
    Action, Aim, Detail, EVENTS, Fault, Happening, Harm, Length, Limits, Moment, Plan, RandomFaults, Site,
    Span, Start, Target, Trigger, Until, Way,
};
use sim::scenario::{Scenario, discover, load, parse};
use sim::seed::Seed;

const EVERYTHING: &str = include_str!("diagnostics/valid/everything.toml");
const SERVERS: &[&str] = &[
    "broker(1)",
    "broker(3)",
    "leader(orders-0)",
    "follower(orders-1, 0)",
    "followers(orders-1)",
    "isr(orders-0)",
    "all_brokers",
    "minority",
    "random",
];

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
faults = "10s"

[expect]
verdict = "pass"
"#;
    assert_eq!(text, expected);
}

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// Microseconds of a fault phase of ten seconds.
fn lengths() -> impl Strategy<Value = Span<Duration>> {
    (1..4_000_000_u64, 0..4_000_000_u64)
        .prop_map(|(low, more)| Span { low: micros(low), high: micros(low + more) })
}

fn micros(count: u64) -> Duration {
    Duration::from_micros(count)
}

fn actions() -> impl Strategy<Value = Action> {
    let probability = 0.000_001..=1.0_f64;
    prop_oneof![
        select(vec![Action::Kill, Action::PowerLoss, Action::Restart, Action::Pause, Action::Wipe]),
        select(vec![Action::Cut, Action::Hold, Action::DropConnections]),
        lengths().prop_map(|extra| Action::Delay { extra }),
        lengths().prop_map(|latency| Action::SlowDisk { latency }),
        probability.clone().prop_map(|probability| Action::Loss { probability }),
        probability.prop_map(|probability| Action::FsyncError { probability }),
        (-9_000_000..9_000_000_i64, 1..9_000_000_i64)
            .prop_map(|(low, more)| Action::ClockJump { by_us: Span { low, high: low + more } }),
        (-998_999..0_i64, 0..900_000_i64)
            .prop_map(|(low, more)| Action::ClockDrift { ppm: Span { low, high: low + more } }),
    ]
}

fn aims(action: Action) -> impl Strategy<Value = Aim> {
    let servers = proptest::collection::vec(select(SERVERS), 1..3);
    let others =
        proptest::collection::vec(select(vec!["others", "controller", "client(0)", "random_client"]), 1..3);
    let of_links = matches!(
        action,
        Action::Cut | Action::Hold | Action::Delay { .. } | Action::DropConnections | Action::Loss { .. }
    );
    (servers, others, 0..if of_links { 3 } else { 1 }).prop_map(|(servers, others, form)| {
        let [from, to]: [Vec<Target>; 2] =
            [servers, others].map(|texts| texts.into_iter().map(target).collect());
        match form {
            0 => Aim::Hosts(from),
            1 => Aim::Links { from, to, way: Way::Both },
            _ => Aim::Links { from: to, to: from, way: Way::OneWay },
        }
    })
}

fn triggers(names: Vec<String>) -> impl Strategy<Value = Trigger> {
    let happening = (0..EVENTS.len(), any::<bool>(), any::<bool>()).prop_map(|(event, at, detail)| {
        let event = &EVENTS[event];
        let site = match event.site {
            Site::Brokers | Site::Servers => "leader(orders-1)",
            Site::Controller => "controller",
            Site::Producers => "client(0)",
            Site::Hosts => "random_client",
        };
        Happening::Event {
            event,
            at: if at { vec![target(site)] } else { Vec::new() },
            topic_partition: (detail && event.detail == Detail::TopicPartition)
                .then(|| TopicPartition::new("orders", 1)),
            api: (detail && event.detail == Detail::Api).then_some("AlterPartition"),
        }
    });
    let happening = if names.is_empty() {
        happening.boxed()
    } else {
        let started = select(names.clone()).prop_map(Happening::FaultStarted);
        let ended = select(names).prop_map(Happening::FaultEnded);
        prop_oneof![happening, started, ended].boxed()
    };
    (happening, 1..9_u64, any::<bool>(), 0..3_u64).prop_map(|(what, nth, before, delay)| {
        let of_host = matches!(what, Happening::Event { .. });
        let before = before && of_host;
        Trigger {
            what,
            nth: if of_host { nth } else { 1 },
            moment: if before { Moment::Before } else { Moment::After },
            delay: if before { Duration::ZERO } else { micros(delay * 1500) },
        }
    })
}

fn harms() -> impl Strategy<Value = Harm> {
    actions().prop_flat_map(|action| {
        (aims(action), lengths()).prop_map(move |(aim, lasts)| {
            let harm = Harm { action, aim, until: Until::Lasts(lasts) };
            let instant = harm.kind().length == Length::Instant;
            if instant { Harm { until: Until::Instant, ..harm } } else { harm }
        })
    })
}

/// The fault at this position; it may wait for those before it.
fn faults(index: usize) -> impl Strategy<Value = Fault> {
    let names: Vec<String> = (0..index).map(|index| format!("fault-{index}")).collect();
    let trigger = (triggers(names.clone()), triggers(names));
    (harms(), trigger, lengths(), 0..4_u8, 0..2_u8, any::<bool>(), proptest::option::of(0..9_u64)).prop_map(
        move |(mut harm, (first, second), at, end, start, may_miss, stream)| {
            if harm.until != Until::Instant {
                match end {
                    0 if harm.action != Action::Restart => harm.until = Until::Heal,
                    1 => harm.until = Until::At(micros(9_000_001)),
                    2 => harm.until = Until::When(second),
                    _ => {}
                }
            }
            let start = if start == 0 { Start::At(at) } else { Start::When(first) };
            Fault { name: Some(format!("fault-{index}")), start, harm, may_miss, stream, line: 0 }
        },
    )
}

fn plans() -> impl Strategy<Value = Plan> {
    let random = (harms(), lengths(), proptest::option::of(1..9_u64), any::<bool>()).prop_map(
        |(harm, every, at_most, may_miss)| RandomFaults { harm, every, at_most, may_miss, line: 0 },
    );
    let limits = (proptest::option::of(0..4_usize), proptest::option::of(0..4_usize))
        .prop_map(|(brokers_down, lossy_crashes)| Limits { brokers_down, lossy_crashes });
    ((faults(0), faults(1), faults(2)), proptest::collection::vec(random, 0..3), limits).prop_map(
        |((one, two, three), random, limits)| {
            // Without anything to limit, they follow from the topics of the scenario below.
            let contract = Limits { brokers_down: Some(1), lossy_crashes: Some(1) };
            let limits = if random.is_empty() { contract } else { limits };
            Plan { faults: vec![one, two, three], random, limits }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_plan_survives_being_written(plan in plans(), seed in any::<Option<u64>>(), story in "[ -~\"\n\r\t]{0,30}") {
        let mut scenario = parse("x.toml", EVERYTHING).unwrap();
        (scenario.plan, scenario.seed, scenario.story) = (plan, seed.map(Seed), story);
        let text = scenario.to_toml();
        match parse("written.toml", &text) {
            Ok(again) => prop_assert_eq!(bare(again), bare(scenario)),
            // Drawn faults may contradict each other.
            Err(problems) => {
                let contradicts = |message: &str| message.contains("changes nothing");
                prop_assert!(problems.iter().all(|it| contradicts(it.message())), "{}\n{}", text, problems);
            }
        }
    }
}
