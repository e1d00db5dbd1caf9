//! What a swarm draws can be run, covers every choice, and depends on nothing else.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::config::Acks;

use super::choices::{self, Setting};
use crate::nemesis::KINDS;
use crate::scenario::{Scenario, parse};
use crate::seed::Seed;

const SEEDS: u64 = 2000;

fn swarm(rest: &str) -> Scenario {
    let source = format!("name = 'swarm'\nstory = 'Whatever comes.'\n{rest}");
    parse("swarm.toml", &source).unwrap_or_else(|problems| panic!("{problems}"))
}

fn problem(rest: &str) -> String {
    let source = format!("name = 'swarm'\n{rest}");
    let problems = parse("swarm.toml", &source).expect_err("there is a problem");
    problems.iter().map(|problem| problem.message().to_owned()).collect::<Vec<_>>().join("; ")
}

/// Values of `key`, over many seeds; `None` where it is left out.
type Seen = BTreeMap<String, BTreeSet<String>>;

fn seen(scenario: &Scenario) -> Seen {
    let mut seen = Seen::new();
    for seed in 0..SEEDS {
        for (key, value) in scenario.draw(Seed(seed)).1 {
            seen.entry(key).or_default().insert(value);
        }
    }
    seen
}

fn covers(seen: &Seen, section: &str, settings: &[Setting]) {
    for (key, values) in settings {
        let drawn = &seen[&format!("{section}.{key}")];
        let missing: Vec<_> =
            values.iter().filter(|value| **value != choices::DEFAULT && !drawn.contains(**value)).collect();
        assert!(missing.is_empty(), "{section}.{key} is never {missing:?}");
    }
}

#[test]
fn every_seed_draws_a_sound_scenario_and_together_they_cover_every_choice() {
    let seen = seen(&swarm("[swarm]\nsettings = 'any'\n"));
    covers(&seen, "cluster", choices::CLUSTER);
    covers(&seen, "broker", choices::BROKER);
    covers(&seen, "broker", choices::BROKER_ANY);
    covers(&seen, "producer[0]", choices::PRODUCER);
    covers(&seen, "producer[1]", choices::PRODUCER_ANY);
    covers(&seen, "consumer[0]", choices::CONSUMER);
    for kind in KINDS {
        let section = format!("nemesis.{}", kind.name);
        assert_eq!(seen[&format!("{section}.every")].len(), choices::every(kind).len());
        covers(&seen, &section, choices::parameters(kind));
        let aims: BTreeSet<_> = choices::aims(kind, 3).iter().map(|(key, _)| *key).collect();
        aims.into_iter().for_each(|key| assert!(seen.contains_key(&format!("{section}.{key}"))));
    }
    assert_eq!(seen["cluster.brokers"], ["3", "4", "5", "6", "7"].map(str::to_owned).into());
    assert_eq!(seen["topic[0].replication.factor"], ["1", "2", "3", "4", "5"].map(str::to_owned).into());
    assert!(seen.contains_key("topic[1].name") && seen.contains_key("producer[2].rate"));
}

#[test]
fn half_of_the_runs_leave_a_kind_out_and_none_leaves_out_all() {
    let scenario = swarm("[swarm]\nkinds = ['kill', 'hold']\n");
    let kinds = |seed| {
        let plan = scenario.draw(Seed(seed)).0.plan;
        plan.random.iter().map(|nemesis| nemesis.harm.kind().name).collect::<Vec<_>>()
    };
    let all: Vec<_> = (0..SEEDS).map(kinds).collect();
    // Where both coins say no, one of the two is drawn.
    for (expected, of_eight) in [(vec!["kill", "hold"], 2), (vec!["kill"], 3), (vec!["hold"], 3), (vec![], 0)]
    {
        let count = all.iter().filter(|kinds| **kinds == expected).count();
        let about = usize::try_from(SEEDS).unwrap() / 8 * of_eight;
        assert!(count.abs_diff(about) <= about / 5, "{expected:?}: {count} of {SEEDS}");
    }
}

#[test]
fn a_kind_that_is_alone_is_always_on_and_no_kinds_are_no_faults() {
    let count = |kinds: &str, seed| {
        swarm(&format!("[swarm]\nkinds = {kinds}\n")).draw(Seed(seed)).0.plan.random.len()
    };
    for seed in 0..20 {
        assert_eq!((count("['hold']", seed), count("[]", seed)), (1, 0), "seed {seed}");
    }
}

#[test]
fn safe_settings_promise_that_nothing_acknowledged_is_lost() {
    let scenario = swarm("[swarm]\n");
    for seed in 0..SEEDS {
        let (drawn, _) = scenario.draw(Seed(seed));
        for topic in &drawn.topics {
            let min = topic.properties.explicit("min.insync.replicas").map(|value| value.to_string());
            assert!(3 <= topic.replication_factor, "seed {seed}");
            assert!(min.is_some_and(|min| min != "1"), "seed {seed}");
        }
        for producer in &drawn.producers {
            assert_eq!(producer.config.acks, Acks::All, "seed {seed}");
            assert!(producer.config.idempotence, "seed {seed}");
        }
        for key in
            ["unclean.leader.election.enable", "eligible.leader.replicas.enable", "log.retention.bytes"]
        {
            assert_eq!(drawn.broker.explicit(key), None, "seed {seed}");
        }
    }
}

#[test]
fn what_is_drawn_is_a_plain_scenario_that_says_the_same_when_it_is_read_again() {
    let scenario = swarm("[swarm]\nkinds = []\n");
    for seed in 0..100 {
        let (drawn, _) = scenario.draw(Seed(seed));
        assert_eq!(drawn.swarm, None);
        assert_eq!(parse("swarm.toml", &drawn.source).unwrap(), drawn);
        assert_eq!(scenario.draw(Seed(seed)).0, drawn, "drawn twice");
        assert_eq!(drawn.draw(Seed(seed + 1)), (drawn, BTreeMap::new()), "a plain scenario is its own");
    }
}

#[test]
fn what_is_written_is_the_same_for_all_seeds_and_the_rest_is_drawn_as_before() {
    let free = swarm("[swarm]\nkinds = []\n");
    let fixed = swarm(
        "[cluster]\ndisk.fsync.latency = '7ms'\n[broker]\n'log.segment.bytes' = 4096\nreplica.lag.time.max.ms = 700\n[swarm]\nkinds = []\n",
    );
    let keys = ["cluster.disk.fsync.latency", "broker.log.segment.bytes", "broker.replica.lag.time.max.ms"];
    for seed in 0..SEEDS {
        let (_, mut values) = free.draw(Seed(seed));
        keys.iter().for_each(|key| drop(values.remove(*key)));
        let (scenario, left) = fixed.draw(Seed(seed));
        assert_eq!(left, values, "seed {seed}");
        assert_eq!(scenario.broker.explicit("log.segment.bytes").unwrap().to_string(), "4096");
        assert_eq!(scenario.cluster.fsync_latency.0.as_millis(), 7);
    }
}

#[test]
fn whole_sections_may_be_written_too() {
    let scenario = swarm(
        r#"
[swarm]
brokers = "4..5"
kinds = []

[[topic]]
name = "a"
[[topic]]
name = "b"
replication.factor = 4

[[fault]]
kind = "kill"
target = ["broker(4)", "leader(b-0)"]
at = "1s"
"#,
    );
    for seed in 0..100 {
        let (drawn, _) = scenario.draw(Seed(seed));
        let topics: Vec<_> =
            drawn.topics.iter().map(|topic| (&*topic.name, topic.replication_factor)).collect();
        assert_eq!(topics, [("a", 3), ("b", 4)]);
        assert!((4..=5).contains(&drawn.cluster.brokers));
        assert_eq!(drawn.producers[0].topics, ["a".into(), "b".into()]);
        assert_eq!(drawn.plan.faults, scenario.plan.faults, "with the lines of the file");
    }
}

#[test]
fn a_swarm_that_cannot_be_is_refused_when_it_is_read() {
    let problems = [
        ("[swarm]\nbrokers = '7..3'\n", "`7..3` ends before it begins"),
        ("[swarm]\nbrokers = '3..12'\n", "`brokers` must be from 1 to 9, not 3..12"),
        ("[swarm]\nkinds = ['kil']\n", "unknown kind of fault `kil`"),
        ("[swarm]\nkinds = ['kill', 'kill']\n", "`kill` stands twice"),
        ("[swarm]\ncontract = 'without'\n", "unknown contract `without`"),
        ("[swarm]\nsettings = 'good'\n", "unknown settings `good`"),
        ("[swarm]\nbroker = '3'\n", "unknown key `broker`"),
        (
            "[swarm]\nbrokers = '3'\n[cluster]\nbrokers = 3\n",
            "`brokers` steers nothing: `[cluster]` says how many brokers there are",
        ),
        (
            "[swarm]\npartitions = '3'\n[[topic]]\nname = 'a'\n",
            "`partitions` steers nothing: the topics are written",
        ),
        (
            "[swarm]\n[[topic]]\nname = 'a'\nreplication.factor = 5\n",
            "replication.factor is 5, but there are 3 brokers",
        ),
    ];
    for (text, expected) in problems {
        assert_eq!(problem(text), expected);
    }
    let drawn = problem("[swarm]\n[[producer]]\ntopics = ['mine']\n");
    assert!(drawn.starts_with("the swarm draws what cannot be, with seed 0: "), "{drawn}");
}
