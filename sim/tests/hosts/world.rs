//! A cluster with load, for whoever wants to do something to its hosts.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use broker_core::event::Event;
use broker_core::types::{BrokerId, TopicPartition};
use sim::cluster::{Blueprint, Cluster};
use sim::history::History;
use sim::report::Counts;
use sim::scenario::parse;
use sim::seed::Seed;
use sim::snapshot::{Change, ClusterSnapshot, Observation, Observer};
use sim::trace::{Trace, TraceDigest, TraceEvent};

/// A cluster of three under load, and what it wrote.
pub struct World {
    pub cluster: Cluster,
    pub history: Rc<RefCell<History>>,
    pub trace: Rc<RefCell<Trace>>,
    pub seen: Rc<RefCell<Seen>>,
}

/// Keeps what an observer is told.
#[derive(Default)]
pub struct Seen {
    pub changes: Vec<Change>,
    pub cluster: ClusterSnapshot,
}

impl Observer for Seen {
    fn observe(&mut self, seen: Observation<'_>) {
        self.changes.push(seen.change.clone());
        self.cluster.clone_from(seen.cluster);
    }
}

impl World {
    /// Up to the moment when the topic is there and producers begin.
    pub fn begin() -> World {
        let source = r#"
name  = "hosts"
story = "Whatever the test does to it."

[broker]
log.flush.scheduler.interval.ms = 50
log.flush.interval.ms = 50

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
        let seen: Rc<RefCell<Seen>> = Rc::default();
        let blueprint = Blueprint {
            scenario: &scenario,
            seed: Seed(3),
            history: Rc::clone(&history),
            trace: Rc::clone(&trace),
            observer: seen.clone(),
        };
        let mut world = World { cluster: blueprint.build(), history, trace, seen };
        world.until("three brokers", |world| world.cluster.view().unfenced_brokers() == 3);
        world.cluster.create_topics();
        world.until("a topic", |world| world.cluster.topics_created() && world.isr() == 3);
        world.cluster.begin_workload();
        world.run(Duration::from_millis(500));
        world
    }

    pub fn run(&mut self, time: Duration) {
        let end = self.cluster.now() + time;
        while self.cluster.now() < end {
            self.cluster.step().unwrap_or_else(|panic| panic!("{panic:?}"));
        }
    }

    pub fn until(&mut self, what: &str, done: impl Fn(&World) -> bool) {
        let end = self.cluster.now() + Duration::from_secs(30);
        while !done(self) {
            self.cluster.step().unwrap_or_else(|panic| panic!("{panic:?}"));
            assert!(self.cluster.now() < end, "waited for {what} in vain");
        }
    }

    pub fn orders() -> TopicPartition {
        TopicPartition::new("orders", 0)
    }

    pub fn leader(&self) -> BrokerId {
        self.cluster.view().leadership(&World::orders()).expect("somebody leads").leader
    }

    pub fn isr(&self) -> usize {
        self.cluster.view().leadership(&World::orders()).map_or(0, |known| known.isr.len())
    }

    pub fn acknowledged(&self) -> u64 {
        Counts::of(&self.history.borrow()).acknowledged
    }

    pub fn digest(&self) -> TraceDigest {
        self.trace.borrow().digest()
    }

    pub fn events_on(&self, host: &str) -> usize {
        let trace = self.trace.borrow();
        trace.entries().iter().filter(|entry| trace.host_name(entry.host) == host).count()
    }

    pub fn happened(&self, is: impl Fn(&Event) -> bool) -> usize {
        let trace = self.trace.borrow();
        let events = trace.entries().iter();
        events.filter(|entry| matches!(&entry.event, TraceEvent::Node(event) if is(event))).count()
    }

    /// Everybody is well again, and every send ends.
    pub fn all_ends_well(&mut self) {
        self.cluster.heal();
        self.until("three in sync", |world| world.isr() == 3);
        self.until("the last send", |world| world.cluster.unfinished().is_empty());
        let counts = Counts::of(&self.history.borrow());
        assert_eq!(counts.acknowledged + counts.failed + counts.indeterminate, 1000, "{counts:?}");
        assert!(80 < counts.acknowledged, "{counts:?}");
    }
}

pub const SECOND: Duration = Duration::from_secs(1);
