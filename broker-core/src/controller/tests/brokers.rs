//! Who is let in, who is fenced, who may go.

use super::*;

#[test]
fn a_broker_epoch_is_the_offset_of_the_registration() {
    let mut rig = Rig::new();
    assert_eq!(rig.register(1, 1), Ok(0));
    assert_eq!(rig.register(2, 1), Ok(1));
    assert_eq!(rig.register(1, 1), Ok(0), "the answer to its first try was lost");
    assert_eq!(rig.controller.image().end_offset().0, 2);
}

#[test]
fn it_is_unfenced_once_it_has_read_its_own_registration() {
    let mut rig = Rig::new();
    rig.register(1, 1).unwrap();
    let epoch = rig.register(2, 1).unwrap();
    for (read, fenced) in [(0, true), (epoch, true), (epoch + 1, false)] {
        let answer = rig.ask(&heartbeat(2, epoch, read));
        assert_eq!((answer.is_fenced, answer.is_caught_up), (fenced, !fenced), "has read to {read}");
    }
    let stale = rig.ask(&heartbeat(2, epoch + 1, 9));
    assert_eq!(ErrorCode(stale.error_code), ErrorCode::STALE_BROKER_EPOCH);
}

#[test]
fn a_second_process_is_refused_until_the_session_of_the_first_ends() {
    let mut rig = Rig::with_brokers(1);
    let session = config().broker.session_timeout;
    assert_eq!(rig.register(1, 2), Err(ErrorCode::DUPLICATE_BROKER_REGISTRATION));
    rig.pass(session - Duration::from_millis(1));
    assert_eq!(rig.register(1, 2), Err(ErrorCode::DUPLICATE_BROKER_REGISTRATION));
    rig.pass(Duration::from_millis(1));
    let epoch = rig.register(1, 2).unwrap();
    assert!(0 < epoch);
    let first = rig.ask(&heartbeat(1, 0, 99));
    assert_eq!(ErrorCode(first.error_code), ErrorCode::STALE_BROKER_EPOCH, "the first one is fenced off");
}

#[test]
fn a_restarted_controller_gives_everybody_a_fresh_session() {
    let mut rig = Rig::with_brokers(2);
    let session = config().broker.session_timeout;
    rig.pass(session - Duration::from_millis(1));
    rig.restart();
    rig.finish_flushes();
    rig.pass(session - Duration::from_millis(1));
    assert_eq!(rig.register(1, 2), Err(ErrorCode::DUPLICATE_BROKER_REGISTRATION));
    rig.pass(Duration::from_millis(1));
    assert!(rig.controller.image().brokers().values().all(|broker| broker.fenced));
}

#[test]
fn fencing_removes_from_isrs_and_elects_the_first_live_member() {
    let (mut rig, topic) = Rig::without_elr(3, &[]);
    assert_eq!(rig.partition(topic), (1, vec![1, 2, 3], 0, 0));
    rig.only_alive(&[1, 3]);
    assert_eq!(rig.partition(topic), (1, vec![1, 3], 0, 1), "the leader stays");
    rig.only_alive(&[3]);
    assert_eq!(rig.partition(topic), (3, vec![3], 1, 2));
}

#[test]
fn without_elr_the_last_member_stays_and_leads_again_when_it_is_back() {
    let (mut rig, topic) = Rig::without_elr(3, &[]);
    rig.only_alive(&[3]);
    rig.only_alive(&[]);
    let (leader, isr, leader_epoch, partition_epoch) = rig.partition(topic);
    assert_eq!((leader, isr), (-1, vec![3]));
    rig.heartbeat(1);
    assert_eq!(rig.partition(topic).0, -1, "who is not in the ISR may not lead");
    rig.heartbeat(3);
    assert_eq!(rig.partition(topic), (3, vec![3], leader_epoch + 1, partition_epoch + 1));
}

#[test]
fn an_unclean_election_needs_permission() {
    let (mut rig, topic) = Rig::without_elr(2, &[("unclean.leader.election.enable", "true")]);
    rig.only_alive(&[1]);
    rig.only_alive(&[]);
    assert_eq!(rig.partition(topic).1, [1]);
    rig.heartbeat(2);
    let (leader, isr, ..) = rig.partition(topic);
    assert_eq!((leader, isr), (2, vec![2]), "the whole ISR");
}

#[test]
fn a_controlled_shutdown_moves_leadership_and_ends_when_others_have_read_of_it() {
    let (mut rig, topic) = Rig::with_topic(3, &[]);
    assert!(!rig.wants_to_stop(1), "nobody knows yet");
    assert_eq!(rig.partition(topic), (2, vec![2, 3], 1, 1));
    assert!(!rig.controller.image().broker(BrokerId(1)).unwrap().is_active());
    rig.heartbeat(2);
    assert!(!rig.wants_to_stop(1), "broker 3 may still send it requests");
    rig.heartbeat(3);
    assert!(rig.wants_to_stop(1));
    assert!(rig.controller.image().broker(BrokerId(1)).unwrap().fenced);
    assert!(rig.wants_to_stop(1), "if the answer was lost");
    assert_eq!(rig.register(1, 2).map(|epoch| 0 < epoch), Ok(true), "its successor may come at once");
}

#[test]
fn who_has_not_read_that_far_holds_up_a_shutdown_after_a_restart_too() {
    let (mut rig, _) = Rig::with_topic(2, &[]);
    assert!(!rig.wants_to_stop(1));
    rig.restart();
    rig.finish_flushes();
    assert!(!rig.wants_to_stop(1));
    rig.heartbeat(2);
    assert!(rig.wants_to_stop(1));
}

#[test]
fn the_last_broker_may_go_and_leaves_nobody_leading() {
    let (mut rig, topic) = Rig::without_elr(1, &[]);
    assert!(rig.wants_to_stop(1));
    let (leader, isr, ..) = rig.partition(topic);
    assert_eq!((leader, isr), (-1, vec![1]));
    rig.register(1, 2).unwrap();
    rig.heartbeat(1);
    assert_eq!(rig.partition(topic).0, 1);
}

#[test]
fn a_broker_that_does_not_listen_is_refused() {
    let mut rig = Rig::new();
    let deaf = registration(1, 1).with_listeners(vec![]);
    assert_eq!(ErrorCode(rig.ask(&deaf).error_code), ErrorCode::INVALID_REQUEST);
    assert_eq!(rig.controller.image().end_offset().0, 0);
}
