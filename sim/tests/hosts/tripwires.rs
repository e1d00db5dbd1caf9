//! Wires that stop a host before or after something happens, and what is then where.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use broker_core::event::Event;
use broker_core::types::{BrokerId, Offset};
use sim::cluster::disk::Unsynced;
use sim::cluster::{Cluster, HostName, HostState, Moment, Signal, Sprung, Weigh, Wire};
use sim::seed::Seed;
use sim::trace::TraceEvent;

use crate::world::{SECOND, World};

const MOMENT: Duration = Duration::from_millis(20);

/// Counts events of nodes that `is` likes, on this host.
fn on(host: &HostName, mut is: impl FnMut(&Event) -> bool + 'static) -> Weigh {
    let wanted = host.clone();
    Box::new(move |host, signal| match signal {
        Signal::Traced(TraceEvent::Node(event)) => u64::from(host == &*wanted && is(event)),
        _ => 0,
    })
}

/// Waits for a wire to spring.
fn spring(world: &mut World, moment: Moment, nth: u64, weigh: Weigh) -> Sprung {
    let wire = world.cluster.tripwires().set(Wire { moment, nth, weigh });
    let end = world.cluster.now() + 5 * SECOND;
    loop {
        world.run(Cluster::TICK);
        if let Some(sprung) = world.cluster.take_sprung().pop() {
            assert_eq!(sprung.wire, wire);
            assert!(!world.cluster.tripwires().remove(wire), "a wire that has sprung is gone");
            return sprung;
        }
        assert!(world.cluster.now() < end, "nothing happened");
    }
}

/// Where a host's log ended when it was opened last.
fn recovered(world: &World, host: &HostName) -> Offset {
    let trace = world.trace.borrow();
    let mut ends = trace.entries().iter().rev().filter_map(|entry| match &entry.event {
        TraceEvent::Node(Event::RecoveryFinished { topic_partition, end_offset, .. })
            if trace.host_name(entry.host) == &**host && *topic_partition == World::orders() =>
        {
            Some(*end_offset)
        }
        _ => None,
    });
    ends.next().expect("it was opened")
}

fn restart(world: &mut World, host: &HostName) {
    world.cluster.thaw();
    world.cluster.start(host);
    world.run(SECOND);
}

/// A process is killed before or after it appends a batch; how far beyond the batch's base its log goes then.
fn killed_at_an_append(moment: Moment, host: &HostName, world: &mut World) -> i64 {
    let base = Rc::new(Cell::new(None));
    let seen = base.clone();
    let weigh = on(host, move |event| match event {
        Event::RecordsAppended { base_offset, .. } | Event::RecordsReplicated { base_offset, .. } => {
            seen.set(Some(*base_offset));
            true
        }
        _ => false,
    });
    let sprung = spring(world, moment, 7, weigh);
    assert_eq!(&sprung.host, host);
    assert!(world.cluster.kill(host));
    restart(world, host);
    recovered(world, host).0 - base.take().expect("it was seen").0
}

#[test]
fn a_leader_killed_before_an_append_never_had_the_records_and_one_killed_after_it_has_them() {
    for (moment, has) in [(Moment::Before, false), (Moment::After, true)] {
        let mut world = World::begin();
        let host = Cluster::broker_name(world.leader());
        let beyond = killed_at_an_append(moment, &host, &mut world);
        assert_eq!(0 < beyond, has, "{moment:?}: {beyond}");
        world.all_ends_well();
    }
}

#[test]
fn a_follower_killed_before_it_appends_what_it_fetched_does_not_have_it() {
    for (moment, has) in [(Moment::Before, false), (Moment::After, true)] {
        let mut world = World::begin();
        let leader = world.leader();
        let follower = (1..=3).map(BrokerId).find(|id| *id != leader).unwrap();
        let host = Cluster::broker_name(follower);
        let beyond = killed_at_an_append(moment, &host, &mut world);
        assert_eq!(0 < beyond, has, "{moment:?}: {beyond}");
        world.all_ends_well();
    }
}

#[test]
fn power_that_fails_before_a_flush_is_finished_takes_what_it_would_have_saved() {
    for (moment, has) in [(Moment::Before, false), (Moment::After, true)] {
        let mut world = World::begin();
        let host = Cluster::broker_name(world.leader());
        let point = Rc::new(Cell::new(Offset(0)));
        let seen = point.clone();
        let weigh = on(&host, move |event| match event {
            Event::FlushFinished { topic_partition, recovery_point }
                if *topic_partition == World::orders() =>
            {
                seen.set(*recovery_point);
                true
            }
            _ => false,
        });
        spring(&mut world, moment, 2, weigh);
        let losses = world.cluster.power_loss(&[host.clone()].into(), Unsynced::Lost, (Seed(0), 0));
        assert_eq!(losses.len(), 1);
        restart(&mut world, &host);
        let recovered = recovered(&world, &host);
        assert_eq!(point.get() <= recovered, has, "{moment:?}: {} {recovered}", point.get());
        world.all_ends_well();
    }
}

#[test]
fn power_that_fails_when_the_time_of_a_flush_has_come_finds_nothing_done() {
    let flushes = |moment| {
        let mut world = World::begin();
        let host = Cluster::broker_name(world.leader());
        let wanted = host.clone();
        let weigh: Weigh = Box::new(move |host, signal| {
            u64::from(
                host == &*wanted && matches!(signal, Signal::Traced(TraceEvent::DiskFlushFinished { .. })),
            )
        });
        let flushes = |world: &World| {
            world.cluster.disks().find(|(name, _)| **name == host).expect("it has one").1.stats().flushes
        };
        let before = flushes(&world);
        spring(&mut world, moment, 1, weigh);
        let done = flushes(&world) - before;
        world.cluster.thaw();
        world.all_ends_well();
        done
    };
    assert_eq!((flushes(Moment::Before), flushes(Moment::After)), (0, 1));
}

#[test]
fn before_an_answer_nobody_is_answered_and_after_it_the_answer_is_on_its_way() {
    for (moment, told) in [(Moment::Before, false), (Moment::After, true)] {
        let mut world = World::begin();
        let host = Cluster::broker_name(world.leader());
        spring(&mut world, moment, 5, on(&host, |event| matches!(event, Event::ProduceAnswered { .. })));
        let acknowledged = world.acknowledged();
        assert!(world.cluster.pause(0, &host));
        world.cluster.thaw();
        world.run(MOMENT);
        assert_eq!(acknowledged < world.acknowledged(), told, "{moment:?}");
        world.cluster.resume(0);
        world.run(MOMENT);
        assert!(acknowledged < world.acknowledged());
        world.all_ends_well();
    }
}

#[test]
fn a_producer_killed_before_it_is_told_knows_of_nothing() {
    for moment in [Moment::Before, Moment::After] {
        let mut world = World::begin();
        let told = world.acknowledged();
        let nth = 10;
        let weigh: Weigh = Box::new(move |_, signal| u64::from(matches!(signal, Signal::Acknowledged(_))));
        let sprung = spring(&mut world, moment, nth, weigh);
        assert!(world.cluster.kill(&sprung.host));
        let new = world.acknowledged() - told;
        match moment {
            Moment::Before => assert!(new < nth, "{new}"),
            Moment::After => assert!(nth <= new, "{new}"),
        }
        world.cluster.heal();
        world.run(SECOND);
        world.all_ends_well();
    }
}

#[test]
fn a_broker_killed_before_it_learns_that_it_leads_never_led() {
    for (moment, led) in [(Moment::Before, 0), (Moment::After, 1)] {
        let mut world = World::begin();
        let former = Cluster::broker_name(world.leader());
        let started = |world: &World| world.happened(|event| matches!(event, Event::LeaderStarted { .. }));
        let before = started(&world);
        assert!(world.cluster.kill(&former));
        let weigh: Weigh = Box::new(|_, signal| {
            u64::from(matches!(signal, Signal::Traced(TraceEvent::Node(Event::LeaderStarted { .. }))))
        });
        let sprung = spring(&mut world, moment, 1, weigh);
        assert!(world.cluster.kill(&sprung.host));
        assert_eq!(started(&world) - before, led, "{moment:?}");
        world.all_ends_well();
    }
}

#[test]
fn recovery_can_be_interrupted_before_and_after_it_said_anything() {
    for (moment, done) in [(Moment::Before, 0), (Moment::After, 1)] {
        let mut world = World::begin();
        let host = Cluster::broker_name(BrokerId(2));
        world.cluster.power_loss(&[host.clone()].into(), Unsynced::Lost, (Seed(0), 0));
        world.cluster.start(&host);
        let finished = |world: &World| {
            world.happened(|event| {
                matches!(event, Event::RecoveryFinished { topic_partition, .. } if *topic_partition == World::orders())
            })
        };
        let before = finished(&world);
        let weigh = on(
            &host,
            |event| matches!(event, Event::RecoveryFinished { topic_partition, .. } if *topic_partition == World::orders()),
        );
        spring(&mut world, moment, 1, weigh);
        assert!(world.cluster.kill(&host));
        assert_eq!(finished(&world) - before, done, "{moment:?}");
        world.all_ends_well();
    }
}

#[test]
fn wires_that_do_not_spring_change_nothing() {
    let digest = |wires: bool| {
        let mut world = World::begin();
        for moment in [Moment::Before, Moment::After].into_iter().filter(|_| wires) {
            let view = world.cluster.view().clone();
            let weigh: Weigh = Box::new(move |_, _| u64::from(view.leadership(&World::orders()).is_none()));
            world.cluster.tripwires().set(Wire { moment, nth: u64::MAX, weigh });
        }
        let host = Cluster::broker_name(BrokerId(2));
        world.run(SECOND);
        world.cluster.power_loss(&[host.clone()].into(), Unsynced::Lost, (Seed(0), 0));
        world.run(SECOND);
        world.all_ends_well();
        world.digest()
    };
    assert_eq!(digest(false), digest(true));
}

#[test]
fn a_host_that_is_thawed_goes_on_and_was_late_by_less_than_a_tick() {
    let run = || {
        let mut world = World::begin();
        for nth in 1..40 {
            let moment = if nth % 2 == 0 { Moment::Before } else { Moment::After };
            let weigh: Weigh = Box::new(|_, signal| u64::from(matches!(signal, Signal::Traced(_))));
            let sprung = spring(&mut world, moment, nth, weigh);
            assert_eq!(world.cluster.state(&sprung.host), HostState::Up);
            assert!(
                world.cluster.now() <= sprung.time + Cluster::TICK,
                "the tick in which it froze is the last"
            );
            world.cluster.thaw();
        }
        assert_eq!(world.happened(|event| matches!(event, Event::BrokerFenced { .. })), 0);
        world.all_ends_well();
        world.digest()
    };
    assert_eq!(run(), run(), "and the same again");
}
