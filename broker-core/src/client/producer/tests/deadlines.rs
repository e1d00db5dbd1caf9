//! Wakeups: exact, and few.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::error::RequestError;
use crate::io::{HaltReason, Node};

#[test]
fn dead_bootstrap_nodes_are_passed_over_one_after_the_other() {
    let mut rig = start(&[("enable.idempotence", RawValue::Bool(false))]);
    send(&mut rig, 0, 1);
    let mut asked = BTreeSet::new();
    for _node in 0..3 {
        let request = rig.take_request();
        assert!(matches!(request.body, Request::Metadata(_)));
        assert!(rig.requests.is_empty(), "one metadata request in flight");
        asked.insert(request.to.clone());
        rig.fail(&request, RequestError::Disconnected);
        assert!(rig.requests.is_empty(), "no retry at the instant of the failure");
        rig.wake();
    }
    assert_eq!(asked.len(), 3);
}

#[test]
fn ten_seconds_of_dead_brokers_cost_few_wakeups_and_each_moves_the_deadline() {
    let mut rig = start(&[]);
    send(&mut rig, 0, 1);
    serve(&mut rig, &[(1, 0)]);
    send(&mut rig, 0, 2);
    let end = rig.now + Duration::from_secs(10);
    let (mut steps, mut failed) = (0, 0);
    loop {
        while let Some(request) = rig.requests.pop_front() {
            rig.fail(&request, RequestError::Disconnected);
            failed += 1;
        }
        let due = rig.node.next_deadline().expect("unfinished sends expire");
        assert!(rig.now < due, "a deadline in the past at {}", rig.now);
        if end < due {
            break;
        }
        rig.wake();
        steps += 1;
        assert!(steps < 200, "busy");
    }
    assert!(10 < failed, "it keeps trying");
    assert!(failed < 100, "{failed} requests");
}

#[test]
fn a_producer_with_nothing_to_do_sleeps_until_its_metadata_is_old() {
    let mut rig = one_record_per_batch(&[]);
    send(&mut rig, 0, 1);
    serve(&mut rig, &[(1, 0)]);
    let learned_at = rig.now;
    let request = produced(&mut rig).remove(0);
    accept(&mut rig, &request, 0);
    assert_eq!(rig.node.next_deadline(), Some(learned_at + Duration::from_secs(300)));
}

#[test]
fn told_to_stop_it_sends_what_lingers_and_says_so_once() {
    let mut rig = start(&[("linger.ms", RawValue::Int(5_000))]);
    send(&mut rig, 0, 1);
    serve(&mut rig, &[(1, 0)]);
    assert!(produced(&mut rig).is_empty());
    rig.input(Input::Shutdown);
    let request = produced(&mut rig).remove(0);
    let halts = |rig: &Rig<Producer>| {
        let halt = |effect: &&Effect| matches!(effect, Effect::Halt { reason: HaltReason::Shutdown });
        rig.others.iter().filter(halt).count()
    };
    assert_eq!(halts(&rig), 0);
    accept(&mut rig, &request, 0);
    rig.tick();
    assert_eq!(halts(&rig), 1);
}
