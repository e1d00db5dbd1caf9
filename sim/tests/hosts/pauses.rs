//! Processes that stand still.

use std::time::Duration;

use broker_core::event::Event;
use broker_core::types::BrokerId;
use sim::cluster::{Cluster, HostName, HostState, Paused};

use crate::world::{SECOND, World};

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
