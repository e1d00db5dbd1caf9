//! Clocks that are wrong.

use std::time::Duration;

use broker_core::event::Event;
use broker_core::types::BrokerId;
use rand::Rng;
use sim::cluster::{CLOCK_ORIGIN, ClockFault, Cluster, HostName, Skewed};
use sim::seed::Seed;

use crate::world::{SECOND, World};

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
fn a_broker_whose_clock_jumps_back_goes_on_as_it_had_planned() {
    let mut world = World::begin();
    let host = Cluster::broker_name(world.leader());
    world.cluster.skew(0, &host, ClockFault::Jump { by: -HOUR });
    world.run(3 * SECOND);
    assert_eq!(world.happened(|event| matches!(event, Event::BrokerFenced { .. })), 0);
    assert!(0 < world.cluster.unskew(0).readings);
    world.all_ends_well();
}

#[test]
fn a_client_whose_clock_jumps_ahead_gives_up_and_one_whose_clock_jumps_back_goes_on() {
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
    for ordinal in 0..6 {
        let mut rng = Seed(9).stream("clocks", ordinal);
        let mut world = World::begin();
        let mut hosts = servers();
        hosts.extend(world.cluster.client_names().iter().cloned());
        for fault in 0..60_u32 {
            let host = &hosts[rng.random_range(0..hosts.len())];
            let reach = 10_i64.pow(rng.random_range(3..11));
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

#[test]
fn a_broker_is_well_again_as_soon_as_its_clock_is_however_far_ahead_it_was() {
    let mut world = World::begin();
    for (fault, host) in (0..).zip(servers()) {
        world.cluster.skew(fault, &host, ClockFault::Jump { by: HOUR });
        world.run(SECOND);
        world.cluster.unskew(fault);
        world.run(Duration::from_millis(100));
        let before = world.happened(|event| matches!(event, Event::BrokerFenced { .. }));
        world.run(3 * SECOND);
        let fenced = world.happened(|event| matches!(event, Event::BrokerFenced { .. })) - before;
        assert_eq!(fenced, 0, "{host}: heartbeats come as before");
    }
    world.all_ends_well();
}
