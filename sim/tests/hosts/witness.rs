//! What judges of state are told is what the nodes hold, whatever happens to them.

use std::collections::BTreeSet;
use std::time::Duration;

use broker_core::batch::RecordBatch;
use broker_core::types::{BrokerId, Offset};
use sim::cluster::Cluster;
use sim::cluster::disk::Unsynced;
use sim::seed::Seed;
use sim::snapshot::{BatchFacts, Change};
use sim::trace::Stop;

use crate::world::{SECOND, World};

impl World {
    /// Compares the snapshot of every broker with what its process has, record by record.
    fn snapshot_is_true(&mut self) {
        let ids = self.cluster.view().broker_ids();
        for id in &ids {
            self.cluster.view().ask(*id, {
                let (seen, id) = (self.seen.clone(), *id);
                move |broker| {
                    let replica = &broker.replicas()[&World::orders()];
                    let seen = seen.borrow();
                    let snapshot = seen.cluster.replica(id, &World::orders()).expect("it runs");
                    let log = replica.log();
                    let known = (snapshot.log_start, snapshot.log_end, snapshot.recovery_point);
                    assert_eq!(known, (log.start_offset(), log.end_offset(), log.recovery_point()));
                    assert_eq!(snapshot.high_watermark, replica.high_watermark());
                    assert_eq!(snapshot.isr, replica.state().isr);
                    assert_eq!(snapshot.maximal_isr, replica.maximal_isr().unwrap_or_default());
                    assert_eq!(snapshot.is_leader, replica.is_leader());
                    let mut at = log.start_offset();
                    while at < log.end_offset() {
                        let bytes =
                            broker.read_log(&World::orders(), at).expect("it has it").expect("it can");
                        for batch in RecordBatch::all_from(bytes).expect("it is whole") {
                            let known = snapshot.records.at(at).expect("it was told");
                            assert!(known.is_same(&facts(&batch)), "{known:?} {:?}", facts(&batch));
                            assert_eq!(known.checksum, facts(&batch).checksum);
                            at = batch.end_offset();
                        }
                    }
                    assert_eq!(snapshot.records.end().unwrap_or(Offset::ZERO), log.end_offset());
                }
            });
        }
        self.run(Duration::from_millis(2));
    }
}

fn facts(batch: &RecordBatch) -> BatchFacts {
    let checksum = batch.bytes()[17..21].try_into().map(u32::from_be_bytes).expect("four bytes");
    BatchFacts {
        base_offset: batch.base_offset(),
        end_offset: batch.end_offset(),
        leader_epoch: batch.leader_epoch(),
        checksum: Some(checksum),
    }
}

#[test]
fn the_snapshot_is_what_the_brokers_have_after_kills_power_losses_and_truncations() {
    let mut world = World::begin();
    world.snapshot_is_true();
    let leader = Cluster::broker_name(world.leader());
    world.cluster.power_loss(&BTreeSet::from([leader.clone()]), Unsynced::Torn, (Seed(1), 0));
    world.run(SECOND);
    world.cluster.start(&leader);
    world.until("three in sync", |world| world.isr() == 3);
    world.snapshot_is_true();
    let leader = Cluster::broker_name(world.leader());
    world.cluster.kill(&leader);
    world.run(SECOND);
    world.cluster.start(&leader);
    world.until("three in sync", |world| world.isr() == 3);
    world.run(Duration::from_millis(100));
    world.snapshot_is_true();
    world.all_ends_well();
    world.snapshot_is_true();
}

#[test]
fn every_beginning_and_every_end_of_a_process_is_told() {
    let mut world = World::begin();
    let broker = BrokerId(2);
    world.cluster.kill(&Cluster::broker_name(broker));
    let stopped = Change::BrokerStopped { broker, how: Stop::Killed };
    assert_eq!(world.seen.borrow().changes.last(), Some(&stopped));
    assert!(!world.seen.borrow().cluster.brokers[&broker].is_running);
    assert!(world.seen.borrow().cluster.replica(broker, &World::orders()).is_none());
    world.cluster.start(&Cluster::broker_name(broker));
    // Its predecessor's session has to end before it is let in.
    world.run(SECOND);
    let opened = |change: &&Change| matches!(change, Change::Replica { broker: BrokerId(2), was: None, .. });
    assert_eq!(world.seen.borrow().changes.iter().filter(opened).count(), 2, "once with each process");
    let controller = Cluster::controller_name();
    world.cluster.kill(&controller);
    assert!(world.seen.borrow().cluster.controller.is_none());
    world.cluster.start(&controller);
    world.run(Duration::from_millis(100));
    let known = |world: &World| {
        let seen = world.seen.borrow();
        let controller = seen.cluster.controller.as_ref().expect("it runs");
        controller[&World::orders()].clone()
    };
    assert_eq!(known(&world).min_insync, 2);
    assert_eq!(known(&world).state.replicas.len(), 3);
}

#[test]
fn what_is_durable_is_told_apart_from_what_is_not() {
    let mut world = World::begin();
    world.run(SECOND);
    let seen = world.seen.borrow();
    let replicas: Vec<_> = seen.cluster.replicas(&World::orders()).collect();
    assert_eq!(replicas.len(), 3);
    for (id, replica) in replicas {
        assert!(Offset::ZERO < replica.recovery_point, "broker-{id} flushes every 50 ms");
        assert!(replica.recovery_point <= replica.durable_end, "{replica:?}");
        assert!(replica.durable_end <= replica.log_end, "{replica:?}");
    }
    let ahead = |change: &&Change| match change {
        Change::Replica { was: Some(was), .. } => was.recovery_point < was.log_end,
        _ => false,
    };
    assert!(0 < seen.changes.iter().filter(ahead).count(), "appended and not flushed");
}
