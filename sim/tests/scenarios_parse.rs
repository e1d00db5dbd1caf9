//! Good scenarios become the values they say.

use sim::checker::Anomaly;
use std::time::Duration;

use broker_core::config::{Acks, TimeScale, Value};
use broker_core::types::TopicPartition;
use sim::nemesis::{
    Action, Aim, BitRot, DiskFault, EventKind, Fault, FilePattern, Happening, Harm, Limits, Moment, Plan,
    RotPlace, Span, Start, Target, Trigger, Unsynced, Until, Way,
};
use sim::scenario::{ExpectedVerdict, Phases, Scenario, parse};
use sim::seed::Seed;

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
    assert_eq!(scenario.cluster.read_latency, (millis(1), millis(2)));
    assert_eq!(scenario.cluster.append_latency, (Duration::from_micros(20), Duration::from_micros(20)));
    assert_eq!(scenario.cluster.write_back_after, Some(millis(30_000)));
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

/// A scenario that has room for faults.
const HEAD: &str =
    "name = 'x'\n[[topic]]\nname = 'orders'\npartitions = 2\n[[producer]]\ntopics = ['orders']\n";

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// The plan of a scenario with these sections.
fn plan(sections: &str) -> Plan {
    good(&format!("{HEAD}{sections}")).plan
}

/// The one fault of this section, from its kind on.
fn fault(rest: &str) -> Fault {
    let [fault] = &plan(&format!("[[fault]]\nkind = {rest}\n")).faults[..] else { panic!("{rest}") };
    fault.clone()
}

#[test]
fn every_kind_of_aim_and_end_of_a_scripted_fault_is_read() {
    let hosts = |texts: &[&str]| Aim::Hosts(texts.iter().map(|text| target(text)).collect());
    let links = |from: &[&str], to: &[&str], way| Aim::Links {
        from: from.iter().map(|text| target(text)).collect(),
        to: to.iter().map(|text| target(text)).collect(),
        way,
    };
    let lasts = |count| Until::Lasts(Span::exactly(millis(count)));
    let harms = [
        (
            Action::PowerLoss(Unsynced::Lost),
            hosts(&["leader(orders-0)", "follower(orders-0, 1)"]),
            lasts(2000),
        ),
        (Action::Kill, hosts(&["random"]), Until::Heal),
        (Action::Restart, hosts(&["controller"]), lasts(500)),
        (Action::Cut, links(&["minority"], &["controller", "client(0)"], Way::Both), lasts(100)),
        (Action::Cut, links(&["leader(orders-1)"], &["followers(orders-1)"], Way::OneWay), lasts(1000)),
        (Action::Cut, hosts(&["broker(1)"]), lasts(60_000)),
        (Action::Hold, links(&["clients"], &["isr(orders-0)"], Way::Both), lasts(1000)),
    ];
    let lines = EVERYTHING.lines().enumerate().filter(|(_, text)| *text == "[[fault]]");
    let at = [1500, 2000, 3000, 4000, 5000, 6000, 7000].map(millis);
    let expected: Vec<_> = harms
        .into_iter()
        .zip(lines)
        .zip(at)
        .map(|(((action, aim, until), (index, _)), at)| Fault {
            name: None,
            start: Start::At(Span::exactly(at)),
            harm: Harm { action, aim, until },
            may_miss: false,
            stream: None,
            line: index + 1,
        })
        .collect();
    assert_eq!(good(EVERYTHING).plan.faults[..7], expected);
}

#[test]
fn every_parameter_is_read() {
    let action = |rest: &str| fault(&format!("{rest}\nat = '1s'")).harm.action;
    let span = |low, high| Span { low: millis(low), high: millis(high) };
    assert_eq!(
        action("'delay'\ntarget = 'random'\nextra = '5ms..20ms'"),
        Action::Delay { extra: span(5, 20) }
    );
    assert_eq!(
        action("'loss'\nbetween = ['random', 'others']\nprobability = 0.25"),
        Action::Loss { probability: 0.25 }
    );
    assert_eq!(
        action("'slow_disk'\ntarget = 'controller'\nlatency = '1s'"),
        Action::Disk(DiskFault::Slow { flush: Some((millis(1000), millis(1000))), read: None, append: None })
    );
    let jump = Action::ClockJump { by_us: Span { low: -2_000_000, high: 500_000 } };
    assert_eq!(action("'clock_jump'\ntarget = 'random_client'\nby = '-2s..+500ms'"), jump);
    let drift = Action::ClockDrift { ppm: Span::exactly(-200) };
    assert_eq!(action("'clock_drift'\ntarget = 'all_brokers'\nby = '-200ppm'"), drift);
    let drop = fault("'drop_connections'\ntarget = 'clients'\nat = '1s'").harm;
    assert_eq!((drop.action, drop.until), (Action::DropConnections, Until::Instant));
}

#[test]
fn every_parameter_of_a_disk_is_read() {
    let action = |rest: &str| fault(&format!("{rest}\ntarget = 'random'\nat = '1s'")).harm.action;
    let disk = |rest: &str| match action(rest) {
        Action::Disk(fault) => fault,
        other => panic!("{other:?}"),
    };
    let rot = |rest: &str| match action(rest) {
        Action::Rot(rot) => rot,
        other => panic!("{other:?}"),
    };
    let files = |text: &str| text.parse::<FilePattern>().unwrap();
    let (read, append) = (Some((millis(1), millis(2))), Some((millis(3), millis(3))));
    let slow = disk("'slow_disk'\nread_latency = '1ms..2ms'\nappend_latency = '3ms'");
    assert_eq!(slow, DiskFault::Slow { flush: None, read, append });
    assert_eq!(disk("'disk_stall'"), DiskFault::Stall);
    assert_eq!(disk("'fsync_error'"), DiskFault::FsyncError { probability: 1.0 });
    assert_eq!(disk("'fsync_lie'\nprobability = 0.5"), DiskFault::FsyncLie { probability: 0.5 });
    assert_eq!(disk("'read_error'"), DiskFault::ReadError { probability: 1.0, files: FilePattern::all() });
    let write = disk("'write_error'\nprobability = 0.25\nfiles = 'orders-*/*.index'");
    assert_eq!(write, DiskFault::WriteError { probability: 0.25, files: files("orders-*/*.index") });
    assert_eq!(disk("'disk_full'"), DiskFault::Full { free: 0 });
    assert_eq!(disk("'disk_full'\nfree = 4096"), DiskFault::Full { free: 4096 });
    let usual = BitRot { files: FilePattern::segments(), place: RotPlace::Anywhere, bits: 1 };
    assert_eq!(rot("'bit_rot'"), usual);
    assert_eq!(rot("'bit_rot'\nregion = 'anywhere'"), usual);
    let tail = BitRot { files: files("x"), place: RotPlace::Tail, bits: 8 };
    assert_eq!(rot("'bit_rot'\nregion = 'tail'\nfiles = 'x'\nbits = 8"), tail);
    assert_eq!(rot("'bit_rot'\noffset = 7").place, RotPlace::Record(7));
    for (text, unsynced) in [
        ("", Unsynced::Lost),
        ("unsynced = 'torn'", Unsynced::Torn),
        ("unsynced = 'reordered'", Unsynced::Reordered),
    ] {
        assert_eq!(action(&format!("'power_loss'\n{text}")), Action::PowerLoss(unsynced));
    }
}

#[test]
fn a_trigger_may_be_inline_dotted_or_a_table_of_its_own() {
    let ways = [
        "'wipe'\ntarget = 'random'\nwhen = { event = 'request_sent', nth = 3, target = ['clients'], api = 'Fetch', moment = 'before' }",
        "'wipe'\nwhen.event = 'request_sent'\nwhen.nth = 3\nwhen.target = 'clients'\nwhen.api = 'Fetch'\nwhen.moment = 'before'\ntarget = 'random'",
        "'wipe'\ntarget = 'random'\n[fault.when]\nevent = 'request_sent'\nnth = 3\ntarget = 'clients'\napi = 'Fetch'\nmoment = 'before'",
    ];
    for way in ways {
        let what = Happening::Event {
            event: EventKind::named("request_sent").unwrap(),
            at: vec![target("clients")],
            topic_partition: None,
            api: Some("Fetch"),
        };
        let trigger = Trigger { what, nth: 3, moment: Moment::Before, delay: Duration::ZERO };
        assert_eq!(fault(way).start, Start::When(trigger), "{way}");
    }
}

#[test]
fn faults_wait_for_each_other_and_end_with_an_event() {
    let plan = plan(
        "[[fault]]\nkind = 'pause'\nname = 'first'\ntarget = 'broker(1)'\nat = '1s..2s'\nmay_miss = true\n\
         until = { event = 'record_appended', nth = 20, topic_partition = 'orders-1', delay = '5ms' }\n\
         [[fault]]\nkind = 'kill'\ntarget = 'broker(2)'\nwhen = { event = 'fault_ended', fault = 'first' }\nuntil = '6s'\n",
    );
    let [first, second] = &plan.faults[..] else { panic!("{plan:?}") };
    assert_eq!((first.name.as_deref(), first.may_miss), (Some("first"), true));
    assert_eq!(first.start, Start::At(Span { low: millis(1000), high: millis(2000) }));
    let what = Happening::Event {
        event: EventKind::named("record_appended").unwrap(),
        at: Vec::new(),
        topic_partition: Some(TopicPartition::new("orders", 1)),
        api: None,
    };
    let trigger = Trigger { what, nth: 20, moment: Moment::After, delay: millis(5) };
    assert_eq!(first.harm.until, Until::When(trigger));
    let what = Happening::FaultEnded("first".to_owned());
    let trigger = Trigger { what, nth: 1, moment: Moment::After, delay: Duration::ZERO };
    assert_eq!(second.start, Start::When(trigger));
    assert_eq!(second.harm.until, Until::At(millis(6000)));
}

#[test]
fn two_faults_that_may_mean_different_hosts_do_not_contradict_each_other() {
    let pairs = [
        // Who leads when the leader is dead is somebody else.
        ["'kill'\ntarget = 'leader(orders-0)'\nat = '2s'", "'kill'\ntarget = 'leader(orders-0)'\nat = '3s'"],
        ["'kill'\ntarget = 'random'\nat = '2s'", "'kill'\ntarget = 'random'\nat = '2s'"],
        ["'kill'\ntarget = 'broker(1)'\nat = '2s'", "'kill'\ntarget = 'all_brokers'\nat = '3s'"],
        // Whether anybody leads then is for the run to find out.
        ["'kill'\ntarget = 'all_brokers'\nat = '2s'", "'pause'\ntarget = 'leader(orders-0)'\nat = '3s'"],
        // A dead process leaves a page cache that power can still take.
        ["'kill'\ntarget = 'broker(1)'\nat = '2s'", "'power_loss'\ntarget = 'broker(1)'\nat = '3s'"],
        ["'power_loss'\ntarget = 'broker(1)'\nat = '2s'", "'wipe'\ntarget = 'broker(1)'\nat = '3s'"],
        // Over in time, or perhaps over in time.
        [
            "'kill'\ntarget = 'broker(1)'\nat = '2s'\ndown_for = '1s'",
            "'kill'\ntarget = 'broker(1)'\nat = '3s'",
        ],
        [
            "'kill'\ntarget = 'broker(1)'\nat = '2s'\ndown_for = '1s..3s'",
            "'kill'\ntarget = 'broker(1)'\nat = '4s'",
        ],
        ["'kill'\ntarget = 'broker(1)'\nat = '1s..4s'", "'kill'\ntarget = 'broker(1)'\nat = '3s'"],
        // The second cut outlasts the first, or is of more links, or both are of one way each.
        [
            "'isolate'\ntarget = 'broker(1)'\nat = '2s'\nlasts = '2s'",
            "'isolate'\ntarget = 'broker(1)'\nat = '3s'\nlasts = '2s'",
        ],
        [
            "'partition'\nbetween = ['broker(1)', 'broker(2)']\nat = '2s'",
            "'isolate'\ntarget = 'broker(1)'\nat = '3s'",
        ],
        [
            "'partition'\nfrom = 'broker(1)'\nto = 'broker(2)'\nat = '2s'",
            "'partition'\nfrom = 'broker(2)'\nto = 'broker(1)'\nat = '3s'",
        ],
        // It may be in vain.
        [
            "'kill'\ntarget = 'broker(1)'\nat = '2s'",
            "'kill'\ntarget = 'broker(1)'\nmay_miss = true\nat = '3s'",
        ],
    ];
    for [first, second] in pairs {
        let _ = plan(&format!("[[fault]]\nkind = {first}\n[[fault]]\nkind = {second}\n"));
    }
}

#[test]
fn faults_may_begin_with_one_another_and_end_with_one_another() {
    let first = "[[fault]]\nkind = 'pause'\nname = 'first'\ntarget = 'broker(1)'\n";
    let second = "[[fault]]\nkind = 'pause'\nname = 'second'\ntarget = 'broker(2)'\n";
    let wait = |key, side, name| format!("{key} = {{ event = 'fault_{side}', fault = '{name}' }}\n");
    let (begin, end) = (wait("when", "started", "first"), wait("until", "ended", "second"));
    let _ = plan(&format!("{first}at = '1s'\n{end}{second}{begin}lasts = '1s'\n"));
    let end = wait("until", "started", "second");
    let _ = plan(&format!("{first}at = '1s'\n{end}{second}{begin}"));
}

#[test]
fn a_nemesis_says_little_and_has_defaults_for_the_rest() {
    let plan = plan(
        "[[nemesis]]\nkind = 'partition'\nevery = '1s..2s'\n\
         [[nemesis]]\nkind = 'kill'\nevery = '3s'\nat_most = 2\nmay_miss = true\ntarget = 'leader(orders-0)'\ndown_for = '1s'\n",
    );
    let [partition, kill] = &plan.random[..] else { panic!("{plan:?}") };
    let aim = Aim::Links { from: vec![Target::Minority], to: vec![Target::Others], way: Way::Both };
    assert_eq!((&partition.harm.aim, partition.at_most), (&aim, None));
    assert_eq!(partition.harm.until, Until::Lasts(Span { low: millis(100), high: millis(2000) }));
    assert_eq!(partition.every, Span { low: millis(1000), high: millis(2000) });
    assert_eq!((partition.may_miss, kill.may_miss), (false, true));
    assert_eq!((kill.at_most, &kill.harm.until), (Some(2), &Until::Lasts(Span::exactly(millis(1000)))));
}

#[test]
fn limits_follow_from_the_topics_unless_they_are_written() {
    let nemesis = "[[nemesis]]\nkind = 'kill'\nevery = '1s'\n";
    let limits = |rest: &str| plan(&format!("{nemesis}{rest}")).limits;
    assert_eq!(limits(""), Limits { brokers_down: Some(1), lossy_crashes: Some(0) });
    let two = "[broker]\nmin.insync.replicas = 2\n";
    assert_eq!(limits(two), Limits { brokers_down: Some(1), lossy_crashes: Some(1) });
    let beyond = "[limits]\ncontract = 'beyond'\n";
    assert_eq!(limits(beyond), Limits { brokers_down: None, lossy_crashes: None });
    let one = format!("{beyond}brokers_down = 2\n");
    assert_eq!(limits(&one), Limits { brokers_down: Some(2), lossy_crashes: None });
}

#[test]
fn a_seed_is_a_number_or_what_the_command_line_takes() {
    let seed = |text: &str| good(&format!("seed = {text}\n{HEAD}")).seed;
    assert_eq!(seed("42"), Some(Seed(42)));
    assert_eq!(seed("0x2a"), Some(Seed(42)));
    assert_eq!(seed("'0xffffffffffffffff'"), Some(Seed(u64::MAX)));
    assert_eq!(good(HEAD).seed, None);
}

#[test]
fn what_is_left_out_has_defaults() {
    let source =
        "name = 'small'\ncluster.brokers = 2\n\n[[topic]]\nname = 'a'\n\n[[producer]]\ntopics = ['a']\n";
    let scenario = good(source);
    assert_eq!(scenario.cluster.brokers, 2);
    assert_eq!(scenario.cluster.network_latency, (millis(1), millis(3)));
    assert_eq!(scenario.cluster.fsync_latency, (millis(1), millis(4)));
    let none = (Duration::ZERO, Duration::ZERO);
    assert_eq!((scenario.cluster.read_latency, scenario.cluster.append_latency), (none, none));
    assert_eq!(scenario.cluster.write_back_after, None);
    assert_eq!((scenario.topics[0].partitions, scenario.topics[0].replication_factor), (1, 2));
    assert_eq!((scenario.producers[0].records, scenario.producers[0].rate), (400, 100.0));
    let phases = Phases { warmup: millis(10_000), faults: millis(10_000), liveness: millis(20_000) };
    assert_eq!(scenario.phases, phases);
    assert_eq!(scenario.expect.verdict, ExpectedVerdict::Pass);
    assert!(scenario.consumers.is_empty() && scenario.plan.faults.is_empty());
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
