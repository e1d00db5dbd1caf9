//! Hosts that stand still, and hosts whose clocks are wrong.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use broker_core::event::Event;
use broker_core::types::{BrokerId, TopicPartition};
use sim::cluster::{Blueprint, CLOCK_ORIGIN, ClockFault, Cluster, HostName, HostState, Paused, Skewed};
use sim::history::History;
use sim::report::Counts;
use sim::scenario::parse;
use sim::seed::Seed;
use sim::trace::{Trace, TraceEvent};

/// A cluster of three under load, and what it wrote.
struct World {
    cluster: Cluster,
    history: Rc<RefCell<History>>,
    trace: Rc<RefCell<Trace>>,
}

impl World {
    /// Up to the moment when the topic is there and producers begin.
    fn begin() -> World {
        let source = r#"
name  = "hosts"
story = "Whatever the test does to it."

[[topic]]
name = "orders"
replication.factor  = 3
min.insync.replicas = 2

[[producer]]
topics  = ["orders"]
records = 1000
rate    = "200/s"
"#;
        let scenario = parse("hosts.toml", source).unwrap_or_else(|problems| panic!("{problems}"));
        let (history, trace) = (Rc::default(), Rc::default());
        let blueprint = Blueprint {
            scenario: &scenario,
            seed: Seed(3),
            history: Rc::clone(&history),
            trace: Rc::clone(&trace),
        };
        let mut world = World { cluster: blueprint.build(), history, trace };
        world.until("three brokers", |world| world.cluster.view().unfenced_brokers() == 3);
        world.cluster.create_topics();
        world.until("a topic", |world| world.cluster.topics_created() && world.isr() == 3);
        world.cluster.begin_workload();
        world.run(Duration::from_millis(500));
        world
    }

    fn run(&mut self, time: Duration) {
        let end = self.cluster.now() + time;
        while self.cluster.now() < end {
            self.cluster.step().unwrap_or_else(|panic| panic!("{panic:?}"));
        }
    }

    fn until(&mut self, what: &str, done: impl Fn(&World) -> bool) {
        let end = self.cluster.now() + Duration::from_secs(30);
        while !done(self) {
            self.cluster.step().unwrap_or_else(|panic| panic!("{panic:?}"));
            assert!(self.cluster.now() < end, "waited for {what} in vain");
        }
    }

    fn orders() -> TopicPartition {
        TopicPartition::new("orders", 0)
    }

    fn leader(&self) -> BrokerId {
        self.cluster.view().leadership(&World::orders()).expect("somebody leads").leader
    }

    fn isr(&self) -> usize {
        self.cluster.view().leadership(&World::orders()).map_or(0, |known| known.isr.len())
    }

    fn acknowledged(&self) -> u64 {
        Counts::of(&self.history.borrow()).acknowledged
    }

    fn events_on(&self, host: &str) -> usize {
        let trace = self.trace.borrow();
        trace.entries().iter().filter(|entry| trace.host_name(entry.host) == host).count()
    }

    fn happened(&self, is: impl Fn(&Event) -> bool) -> usize {
        let trace = self.trace.borrow();
        let events = trace.entries().iter();
        events.filter(|entry| matches!(&entry.event, TraceEvent::Node(event) if is(event))).count()
    }

    /// Everybody is well again, and every send ends.
    fn all_ends_well(&mut self) {
        self.cluster.heal();
        self.until("three in sync", |world| world.isr() == 3);
        self.until("the last send", |world| world.cluster.unfinished().is_empty());
        let counts = Counts::of(&self.history.borrow());
        assert_eq!(counts.acknowledged + counts.failed + counts.indeterminate, 1000, "{counts:?}");
        assert!(80 < counts.acknowledged, "{counts:?}");
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_paused_process_does_nothing_while_time_goes_on_and_then_goes_on_itself() {
    let mut world = World::begin();
    let host = Cluster::broker_name(world.leader());
    assert!(world.cluster.pause(0, &host));
    let before = world.events_on(&host);
    world.run(Duration::from_millis(100));
    assert_eq!(world.events_on(&host), before, "it was not polled");
    assert_eq!(world.cluster.state(&host), HostState::Up);
    assert!(world.cluster.view().broker(world.leader(), |broker| broker.replicas().len()) == Some(1));
    assert!(0 < world.cluster.resume(0).withheld, "requests came in");
    world.run(Duration::from_millis(20));
    assert!(before < world.events_on(&host));
    assert_eq!(world.happened(|event| matches!(event, Event::BrokerFenced { .. })), 0, "it was short");
    world.all_ends_well();
}

#[test]
fn two_pauses_of_one_process_end_when_the_last_one_does() {
    let mut world = World::begin();
    let host = Cluster::broker_name(BrokerId(2));
    assert!(world.cluster.pause(0, &host) && world.cluster.pause(1, &host));
    world.run(Duration::from_millis(50));
    let before = world.events_on(&host);
    world.cluster.resume(0);
    world.run(Duration::from_millis(50));
    assert_eq!(world.events_on(&host), before);
    world.cluster.resume(1);
    world.run(Duration::from_millis(50));
    assert!(before < world.events_on(&host));
    assert_eq!(world.cluster.resume(1), Paused::default(), "it is over");
    world.all_ends_well();
}

#[test]
fn a_pause_ends_with_its_process_and_the_next_process_runs() {
    let mut world = World::begin();
    let host = Cluster::broker_name(BrokerId(2));
    assert!(world.cluster.pause(0, &host));
    world.run(Duration::from_millis(50));
    assert!(world.cluster.kill(&host));
    assert!(!world.cluster.pause(1, &host), "there is no process");
    world.cluster.start(&host);
    let before = world.events_on(&host);
    world.run(Duration::from_millis(50));
    assert!(before < world.events_on(&host), "the new process is not paused");
    assert!(0 < world.cluster.resume(0).withheld, "what the pause withheld is still known");
    world.all_ends_well();
}

#[test]
fn a_leader_paused_for_longer_than_its_session_is_fenced_replaced_and_let_in_again() {
    let mut world = World::begin();
    let paused = world.leader();
    let host = Cluster::broker_name(paused);
    assert!(world.cluster.pause(0, &host));
    world.until("another leader", |world| world.leader() != paused);
    world.run(SECOND);
    assert_eq!(
        world.happened(|event| matches!(event, Event::BrokerFenced { broker } if *broker == paused)),
        1
    );
    let acknowledged = world.acknowledged();
    world.run(SECOND);
    assert!(acknowledged < world.acknowledged(), "the others carry on");
    world.cluster.resume(0);
    world.all_ends_well();
    let unfenced = |event: &Event| matches!(event, Event::BrokerUnfenced { broker } if *broker == paused);
    assert_eq!(world.happened(unfenced), 2);
    assert_eq!(world.happened(|event| matches!(event, Event::BrokerRegistered { .. })), 3, "same process");
}

#[test]
fn without_the_controller_records_still_flow_and_a_long_pause_fences_nobody_who_is_there() {
    let mut world = World::begin();
    let host = Cluster::controller_name();
    assert!(world.cluster.pause(0, &host));
    let acknowledged = world.acknowledged();
    world.run(3 * SECOND);
    assert!(acknowledged + 400 < world.acknowledged());
    assert!(0 < world.cluster.resume(0).withheld);
    world.all_ends_well();
}

#[test]
fn a_paused_client_finds_its_time_gone_and_nobody_panics_on_what_waited_for_it() {
    let mut world = World::begin();
    let host: HostName = world.cluster.client_names()[0].clone();
    assert!(world.cluster.pause(0, &host));
    let before = world.acknowledged();
    world.run(20 * SECOND);
    assert_eq!(world.acknowledged(), before);
    world.cluster.resume(0);
    world.run(SECOND);
    assert!(before < world.acknowledged());
    world.all_ends_well();
}

#[test]
fn everybody_may_stand_still_at_once_for_minutes() {
    let mut world = World::begin();
    let hosts: Vec<HostName> =
        (1..=3).map(|id| Cluster::broker_name(BrokerId(id))).chain([Cluster::controller_name()]).collect();
    assert!(hosts.iter().all(|host| world.cluster.pause(0, host)));
    world.run(120 * SECOND);
    assert!(4 < world.cluster.resume(0).withheld, "one fault, all its hosts");
    world.all_ends_well();
}

#[test]
fn a_pause_in_which_nothing_was_due_withheld_nothing() {
    let mut world = World::begin();
    world.until("the last send", |world| world.cluster.unfinished().is_empty());
    let host = world.cluster.client_names()[0].clone();
    assert!(world.cluster.pause(0, &host));
    world.run(Duration::from_millis(1));
    assert_eq!(world.cluster.resume(0), Paused { withheld: 0 });
}

const HOUR: i64 = 3_600_000_000;

fn servers() -> Vec<HostName> {
    (1..=3).map(|id| Cluster::broker_name(BrokerId(id))).chain([Cluster::controller_name()]).collect()
}

#[test]
fn a_clock_that_was_set_is_wrong_until_its_last_fault_ends_and_a_restart_does_not_help() {
    let mut world = World::begin();
    let host = Cluster::broker_name(BrokerId(2));
    let error = |world: &World| {
        i128::from(world.cluster.clock(&host).0) - i128::from((world.cluster.now() + CLOCK_ORIGIN).0)
    };
    assert_eq!(error(&world), 0);
    world.cluster.skew(0, &host, ClockFault::Jump { by: -HOUR });
    world.cluster.kill(&host);
    world.cluster.skew(1, &host, ClockFault::Drift { ppm: 100_000 });
    world.run(SECOND);
    assert_eq!(world.cluster.unskew(1), Skewed { readings: 0 }, "nobody looked");
    world.cluster.start(&host);
    world.run(SECOND);
    assert_eq!(error(&world), i128::from(-HOUR));
    assert!(0 < world.cluster.unskew(0).readings);
    assert_eq!(error(&world), 0);
    assert_eq!(world.cluster.unskew(0), Skewed::default(), "it is over");
    world.all_ends_well();
}

#[test]
fn a_controller_whose_clock_jumps_ahead_fences_everybody_at_once_and_takes_them_back() {
    let mut world = World::begin();
    world.cluster.skew(0, &Cluster::controller_name(), ClockFault::Jump { by: HOUR });
    let before = world.happened(|event| matches!(event, Event::BrokerFenced { .. }));
    world.run(Duration::from_millis(2));
    let fenced = world.happened(|event| matches!(event, Event::BrokerFenced { .. })) - before;
    assert_eq!(fenced, 3, "deadlines that are due by the new time are met with the next tick");
    world.run(SECOND);
    world.all_ends_well();
}

#[test]
fn a_broker_whose_clock_jumps_back_misses_its_heartbeats_until_it_is_right_again() {
    let mut world = World::begin();
    let leader = world.leader();
    world.cluster.skew(0, &Cluster::broker_name(leader), ClockFault::Jump { by: -HOUR });
    world
        .until("a fencing", |world| world.happened(|event| matches!(event, Event::BrokerFenced { .. })) == 1);
    world.until("another leader", |world| world.leader() != leader);
    assert!(0 < world.cluster.unskew(0).readings);
    world.all_ends_well();
}

#[test]
fn a_client_whose_clock_jumps_ahead_gives_up_and_one_whose_clock_jumps_back_waits() {
    let mut world = World::begin();
    let client = world.cluster.client_names()[0].clone();
    for (fault, by) in [HOUR, -HOUR, HOUR, -2 * HOUR].into_iter().enumerate() {
        world.cluster.skew(u32::try_from(fault).unwrap(), &client, ClockFault::Jump { by });
        world.run(Duration::from_millis(300));
    }
    world.all_ends_well();
}

#[test]
fn clocks_that_drift_apart_change_no_promise() {
    let mut world = World::begin();
    for (fault, (host, ppm)) in servers().iter().zip([-500_000, 900_000, 100, 300_000]).enumerate() {
        world.cluster.skew(u32::try_from(fault).unwrap(), host, ClockFault::Drift { ppm });
    }
    world.run(5 * SECOND);
    world.all_ends_well();
}

#[test]
fn whatever_is_done_to_clocks_nobody_panics_and_what_was_acknowledged_is_there() {
    use rand::Rng;
    for ordinal in 0..6 {
        let mut rng = Seed(9).stream("clocks", ordinal);
        let mut world = World::begin();
        let mut hosts = servers();
        hosts.extend(world.cluster.client_names().iter().cloned());
        for fault in 0..60_u32 {
            let host = &hosts[rng.random_range(0..hosts.len())];
            let reach = 10_i64.pow(rng.random_range(3..8));
            let wrong = if rng.random_bool(0.8) {
                ClockFault::Jump { by: rng.random_range(-reach..=reach) }
            } else {
                ClockFault::Drift { ppm: rng.random_range(-90_000..=400_000) }
            };
            world.cluster.skew(fault, host, wrong);
            world.run(Duration::from_millis(rng.random_range(1..200)));
            if 3 < fault && rng.random_bool(0.7) {
                world.cluster.unskew(rng.random_range(0..fault));
            }
        }
        world.cluster.heal();
        world.until("three in sync", |world| world.isr() == 3);
        world.until("the last send", |world| world.cluster.unfinished().is_empty());
        let leader = world.leader();
        let copies = world.cluster.view().copies(&World::orders(), &[leader]);
        let end = copies[0].1.expect("it runs").high_watermark;
        assert!(world.acknowledged() <= u64::try_from(end.0).unwrap(), "{ordinal}: {end}");
    }
}
