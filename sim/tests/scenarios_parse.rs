//! Good scenarios become the values they say.

use sim::checker::Anomaly;
use std::time::Duration;

use broker_core::config::{Acks, TimeScale, Value};
use broker_core::types::{BrokerId, TopicPartition};
use sim::nemesis::{Cut, Direction, Fault, Target};
use sim::scenario::{ExpectedVerdict, FaultSpec, Phases, Scenario, parse};

const EVERYTHING: &str = include_str!("diagnostics/valid/everything.toml");

fn good(source: &str) -> Scenario {
    parse("good.toml", source).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn everything_but_faults_is_read() {
    let scenario = good(EVERYTHING);
    assert_eq!((scenario.name.as_str(), scenario.path.as_str()), ("leader-power-loss", "good.toml"));
    assert!(scenario.story.starts_with("The leader of orders-0 loses power"));
    assert_eq!(scenario.source.as_ref(), EVERYTHING);
    assert_eq!((scenario.cluster.brokers, scenario.cluster.time_scale), (3, TimeScale::Compressed));
    assert_eq!(scenario.cluster.network_latency, (millis(2), millis(2)));
    assert_eq!(scenario.cluster.fsync_latency, (Duration::from_micros(500), millis(4)));
    let broker: Vec<_> = scenario.broker.iter().collect();
    let expected = [
        ("log.flush.scheduler.interval.ms", Value::Int(1000)),
        ("unclean.leader.election.enable", Value::Bool(false)),
    ];
    assert_eq!(broker, expected);
    let [topic] = &scenario.topics[..] else { panic!("{:?}", scenario.topics) };
    assert_eq!((topic.name.as_ref(), topic.partitions, topic.replication_factor), ("orders", 2, 3));
    assert_eq!(topic.properties.explicit("min.insync.replicas"), Some(Value::Int(2)));
    let [producer] = &scenario.producers[..] else { panic!("{:?}", scenario.producers) };
    assert_eq!((producer.config.acks, producer.config.idempotence), (Acks::All, true));
    assert_eq!((producer.records, producer.rate, producer.value_bytes), (400, 100.0, 64));
    assert_eq!(producer.topics, ["orders".into()]);
    assert_eq!(scenario.consumers[0].topics, ["orders".into()]);
    let phases = Phases { warmup: millis(10_000), faults: millis(10_000), liveness: millis(10_000) };
    assert_eq!(scenario.phases, phases);
    let violation = ExpectedVerdict::Violation(vec![Anomaly::LostWrite, Anomaly::Duplicate]);
    assert_eq!(scenario.expect.verdict, violation);
    assert_eq!(scenario.expect.unavailable_at_least, Some(millis(1000)));
    assert_eq!(scenario.expect.deleted_at_least, Some(10));
}

#[test]
fn every_kind_of_fault_is_read() {
    let orders = |partition| TopicPartition::new("orders", partition);
    let cut = |from: Vec<Target>, to: Vec<Target>, direction| Cut { from, to, direction };
    let faults = [
        Fault::PowerLoss {
            target: vec![Target::Leader(orders(0)), Target::Follower(orders(0), 1)],
            down_for: Some(millis(2000)),
        },
        Fault::Kill { target: vec![Target::Random], down_for: None },
        Fault::Restart { target: vec![Target::Controller], down_for: millis(500) },
        Fault::Partition {
            cut: cut(vec![Target::Minority], vec![Target::Controller, Target::Client(0)], Direction::Both),
            lasts: Some(millis(100)),
        },
        Fault::Partition {
            cut: cut(vec![Target::Leader(orders(1))], vec![Target::Followers(orders(1))], Direction::OneWay),
            lasts: Some(millis(1000)),
        },
        Fault::Isolate { target: vec![Target::Broker(BrokerId(1))], lasts: Some(millis(60_000)) },
        Fault::Hold {
            between: (vec![Target::Clients], vec![Target::Isr(orders(0))]),
            lasts: Some(millis(1000)),
        },
    ];
    let lines = EVERYTHING.lines().enumerate().filter(|(_, text)| *text == "[[fault]]");
    let at = [1500, 2000, 3000, 4000, 5000, 6000, 7000].map(millis);
    let specs = faults.into_iter().zip(lines).zip(at);
    let expected: Vec<_> =
        specs.map(|((fault, (index, _)), at)| FaultSpec { fault, at, line: index + 1 }).collect();
    assert_eq!(good(EVERYTHING).faults, expected);
}

#[test]
fn what_is_left_out_has_defaults() {
    let source =
        "name = 'small'\ncluster.brokers = 2\n\n[[topic]]\nname = 'a'\n\n[[producer]]\ntopics = ['a']\n";
    let scenario = good(source);
    assert_eq!(scenario.cluster.brokers, 2);
    assert_eq!(scenario.cluster.network_latency, (millis(1), millis(3)));
    assert_eq!(scenario.cluster.fsync_latency, (millis(1), millis(4)));
    assert_eq!((scenario.topics[0].partitions, scenario.topics[0].replication_factor), (1, 2));
    assert_eq!((scenario.producers[0].records, scenario.producers[0].rate), (400, 100.0));
    let phases = Phases { warmup: millis(10_000), faults: millis(10_000), liveness: millis(20_000) };
    assert_eq!(scenario.phases, phases);
    assert_eq!(scenario.expect.verdict, ExpectedVerdict::Pass);
    assert!(scenario.consumers.is_empty() && scenario.faults.is_empty());
}

#[test]
fn names_may_be_dotted_quoted_or_nested() {
    let head = "name = 'x'\n[[topic]]\nname = 'a'\n[[producer]]\ntopics = ['a']\n";
    let ways = [
        "[broker]\nlog.segment.bytes = 100\n",
        "[broker]\n\"log.segment.bytes\" = 100\n",
        "[broker.log]\nsegment.bytes = \"100\"\n",
    ];
    for way in ways {
        let scenario = good(&format!("{head}{way}"));
        assert_eq!(scenario.broker.explicit("log.segment.bytes"), Some(Value::Int(100)), "{way}");
    }
}
