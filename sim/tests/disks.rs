//! What becomes of a cluster when a disk under it fails, stalls or is swapped for an empty one.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use broker_core::types::{BrokerId, TopicPartition};
use sim::cluster::disk::{DiskEffect, DiskFault, Unsynced};
use sim::cluster::{Blueprint, Cluster, HostName, HostState};
use sim::history::History;
use sim::scenario::parse;
use sim::seed::Seed;
use sim::snapshot::Unobserved;
use sim::trace::{Trace, TraceEvent};

const EVERY: DiskFault = DiskFault::FsyncError { probability: 1.0 };

/// A cluster of three under load, which flushes each append.
struct Story {
    cluster: Cluster,
    trace: Rc<RefCell<Trace>>,
}

impl Story {
    fn begin() -> Story {
        let source = r#"
name  = "disks"
story = "Whatever the test does to it."

[broker]
log.flush.interval.messages = 1

[[topic]]
name = "orders"
replication.factor  = 3
min.insync.replicas = 2

[[producer]]
topics  = ["orders"]
records = 1000
rate    = "200/s"
"#;
        let scenario = parse("disks.toml", source).unwrap_or_else(|problems| panic!("{problems}"));
        let (history, trace) = (Rc::new(RefCell::new(History::new())), Rc::new(RefCell::new(Trace::new())));
        let observer = Rc::new(RefCell::new(Unobserved));
        let trace_too = trace.clone();
        let blueprint = Blueprint { scenario: &scenario, seed: Seed(5), history, trace: trace_too, observer };
        let mut story = Story { cluster: blueprint.build(), trace };
        story.until(|cluster| cluster.view().unfenced_brokers() == 3);
        story.cluster.create_topics();
        story.until(|cluster| cluster.topics_created() && isr(cluster) == 3);
        story.cluster.begin_workload();
        story.steps(500);
        story
    }

    fn steps(&mut self, count: u32) {
        for _ in 0..count {
            if let Err(panic) = self.cluster.step() {
                panic!("{panic:?}");
            }
        }
    }

    /// Steps until `is` is so, for 30 s at most.
    fn until(&mut self, is: impl Fn(&Cluster) -> bool) {
        for _ in 0..30_000 {
            self.steps(1);
            if is(&self.cluster) {
                return;
            }
        }
        panic!("it never was so until {}", self.cluster.now());
    }

    /// All is sent, and every replica is in sync and has the same end.
    fn converged(&mut self) {
        self.until(|cluster| {
            let copies = cluster.view().copies(&orders(), &cluster.view().broker_ids());
            let ends: Vec<_> = copies.iter().map(|(_, copy)| copy.map(|copy| copy.end)).collect();
            cluster.unfinished().is_empty() && isr(cluster) == 3 && ends.iter().all(|end| *end == ends[0])
        });
    }

    fn begin_fault(&self, host: &HostName, what: DiskFault) {
        let now = self.cluster.now();
        self.cluster.disk(host).unwrap().begin(now, 1, what, Seed(5).stream("fault", 1));
    }

    fn end_fault(&self, host: &HostName) -> DiskEffect {
        self.cluster.disk(host).unwrap().end(self.cluster.now(), 1)
    }

    fn count(&self, name: &str) -> u64 {
        self.trace.borrow().counts().get(name).copied().unwrap_or(0)
    }

    fn stops(&self, host: &HostName) -> Vec<TraceEvent> {
        let trace = self.trace.borrow();
        let of_host = trace.entries().iter().filter(|entry| trace.host_name(entry.host) == &**host);
        let stops = of_host.filter(|entry| matches!(entry.event, TraceEvent::HostStopped { .. }));
        stops.map(|entry| entry.event.clone()).collect()
    }
}

fn orders() -> TopicPartition {
    TopicPartition::new("orders", 0)
}

fn isr(cluster: &Cluster) -> usize {
    cluster.view().leadership(&orders()).map_or(0, |known| known.isr.len())
}

fn leader(cluster: &Cluster) -> BrokerId {
    cluster.view().leadership(&orders()).expect("somebody leads").leader
}

fn follower(cluster: &Cluster) -> BrokerId {
    let leader = leader(cluster);
    cluster.view().broker_ids().into_iter().find(|id| *id != leader).expect("there are three")
}

#[test]
fn a_leader_whose_fsync_fails_halts_and_comes_back_complete_when_its_disk_is_healed() {
    let mut story = Story::begin();
    let id = leader(&story.cluster);
    let host = Cluster::broker_name(id);
    story.begin_fault(&host, EVERY);
    story.until(|cluster| cluster.state(&host) == HostState::Down);
    assert_eq!(story.stops(&host).len(), 1, "it gave up by itself");
    let effect = story.cluster.disk(&host).unwrap().effect(1);
    assert!(0 < effect.flushes_failed && 0 < effect.phantom_bytes, "{effect:?}");
    assert!(story.cluster.disk(&host).unwrap().stats().hurt_since.is_some());
    story.until(|cluster| cluster.view().leadership(&orders()).is_some_and(|known| known.leader != id));
    story.cluster.heal();
    story.converged();
    assert_eq!(story.stops(&host).len(), 1);
}

#[test]
fn a_controller_whose_fsync_fails_halts_and_comes_back_when_its_disk_is_healed() {
    let mut story = Story::begin();
    let host = Cluster::controller_name();
    story.begin_fault(&host, EVERY);
    let victim = Cluster::broker_name(follower(&story.cluster));
    assert!(story.cluster.kill(&victim), "fencing it is a record that must be flushed");
    story.until(|cluster| cluster.state(&host) == HostState::Down);
    assert!(0 < story.cluster.disk(&host).unwrap().effect(1).flushes_failed);
    story.cluster.heal();
    story.converged();
    assert_eq!(story.stops(&host).len(), 1);
}

#[test]
fn a_slow_disk_slows_flushes_until_it_ends() {
    let mut story = Story::begin();
    let host = Cluster::broker_name(leader(&story.cluster));
    let latency = (Duration::from_millis(40), Duration::from_millis(60));
    story.begin_fault(&host, DiskFault::Slow { flush: Some(latency), read: None, append: None });
    story.steps(1_000);
    let effect = story.end_fault(&host);
    assert!(10 <= effect.operations_slowed && 300_000 < effect.added_us, "{effect:?}");
    story.converged();
    assert_eq!(story.cluster.disk(&host).unwrap().effect(1), effect);
}

#[test]
fn a_wiped_broker_is_in_sync_only_when_it_has_caught_up() {
    let mut story = Story::begin();
    let id = follower(&story.cluster);
    let host = Cluster::broker_name(id);
    let wiped = story.cluster.wipe(&host).expect("brokers have disks");
    assert!(wiped.log_bytes.contains_key("orders-0"), "{wiped:?}");
    assert_eq!(story.stops(&host).len(), 1);
    let registered = story.count("broker_registered");
    story.cluster.start(&host);
    story.until(|cluster| {
        let known = cluster.view().leadership(&orders()).expect("the others go on");
        known.leader != id && !known.isr.contains(&id)
    });
    story.until(|cluster| isr(cluster) == 3);
    let copies = story.cluster.view().copies(&orders(), &[id, leader(&story.cluster)]);
    let [own, leaders] = [copies[0].1.expect("it runs"), copies[1].1.expect("it leads")];
    assert!(leaders.high_watermark <= own.end, "{own:?} {leaders:?}");
    assert_eq!(story.count("broker_registered"), registered + 1);
    story.converged();
}

#[test]
fn clients_have_no_disk_to_wipe_and_hosts_that_are_down_do() {
    let mut story = Story::begin();
    let client = story.cluster.client_names()[0].clone();
    assert_eq!(story.cluster.wipe(&client), None);
    assert_eq!(story.cluster.state(&client), HostState::Up);
    let host = Cluster::broker_name(follower(&story.cluster));
    story.cluster.power_loss(&[host.clone()].into(), Unsynced::Lost, (Seed(0), 0));
    assert!(story.cluster.wipe(&host).is_some_and(|wiped| 0 < wiped.files));
    assert_eq!(story.cluster.state(&host), HostState::PoweredOff);
    assert_eq!(story.cluster.wipe(&host).map(|wiped| wiped.files), Some(0));
    story.cluster.heal();
    story.converged();
}

#[test]
fn a_controller_without_its_metadata_starts_from_nothing() {
    let mut story = Story::begin();
    let host = Cluster::controller_name();
    assert!(story.cluster.wipe(&host).is_some_and(|wiped| 0 < wiped.bytes));
    story.cluster.start(&host);
    story.steps(10_000);
    assert_eq!(story.cluster.state(&host), HostState::Up);
    // As in Kafka a broker registers when it starts and not again: nobody is left in the new metadata, and the brokers go
    // on with what they knew, as long as nothing has to change.
    assert_eq!((story.cluster.view().unfenced_brokers(), story.count("broker_registered")), (0, 3));
    assert_eq!((story.cluster.unfinished(), isr(&story.cluster)), (Vec::new(), 3));
}

#[test]
fn a_restart_hides_what_a_failed_fsync_lost_until_the_power_goes() {
    let mut story = Story::begin();
    let host = Cluster::broker_name(leader(&story.cluster));
    story.begin_fault(&host, EVERY);
    story.until(|cluster| cluster.state(&host) == HostState::Down);
    story.cluster.heal();
    story.converged();
    let phantoms = story.cluster.disk(&host).unwrap().stats().phantom_bytes;
    assert!(0 < phantoms, "recovery read them from the page cache and flushed nothing");
    let losses = story.cluster.power_loss(&[host.clone()].into(), Unsynced::Lost, (Seed(0), 0));
    assert_eq!((losses[&host].lost_bytes, losses[&host].lost_logs["orders-0"].bytes), (phantoms, phantoms));
    assert!(0 < losses[&host].lost_records());
    story.steps(3_000);
    story.cluster.start(&host);
    story.converged();
    // Its own log has a hole now, which it found and mended from another replica.
    assert_eq!((story.count("log_damaged"), story.count("replica_repaired")), (1, 1));
}
