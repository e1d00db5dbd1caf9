//! Order and numbers across failed attempts.

use std::time::Duration;

use super::*;
use crate::error::RequestError;
use crate::event::Event;
use crate::log::{ProducerStateManager, SequenceCheck};
use crate::testing::idempotent_batch;
use crate::types::{LeaderEpoch, Offset};

const LEADER: &[(i32, i32)] = &[(1, 0), (2, 0)];

fn sequences(requests: &[Produced]) -> Vec<i32> {
    requests.iter().map(Produced::sequence).collect()
}

#[test]
fn five_are_in_flight_in_order_and_the_sixth_waits() {
    let mut rig = one_record_per_batch(&[]);
    open_window(&mut rig, 0, LEADER);
    for token in 0..7 {
        send(&mut rig, 0, token);
    }
    let requests = produced(&mut rig);
    assert_eq!(sequences(&requests), [1, 2, 3, 4, 5]);
    accept(&mut rig, &requests[0], 1);
    assert_eq!(sequences(&produced(&mut rig)), [6]);
    assert_eq!(rig.node.unfinished(), 6);
}

#[test]
fn the_limit_of_requests_in_flight_is_per_broker() {
    let mut rig = one_record_per_batch(&[("max.in.flight.requests.per.connection", RawValue::Int(2))]);
    open_window(&mut rig, 0, &[(1, 0), (1, 0), (2, 0)]);
    for (partition, token) in [(0, 1), (0, 2), (1, 3), (2, 4)] {
        send(&mut rig, partition, token);
    }
    let requests = produced(&mut rig);
    let brokers: Vec<_> = requests.iter().map(|request| request.sent.to.clone()).collect();
    assert_eq!(brokers, [endpoint(1), endpoint(1), endpoint(2)]);
    accept(&mut rig, &requests[0], 0);
    assert_eq!(produced(&mut rig).remove(0).values(1), ["value 3"]);
}

#[test]
fn a_new_leader_gets_no_sixth_batch_before_one_of_five_is_resolved() {
    let mut rig = one_record_per_batch(&[]);
    open_window(&mut rig, 0, LEADER);
    for token in 0..5 {
        send(&mut rig, 0, token);
    }
    send(&mut rig, 1, 10);
    let requests = produced(&mut rig);
    // Broker 2 sends the producer to ask who leads now.
    rig.run_until(rig.now + Duration::from_secs(1));
    let to_broker_2 = requests.iter().find(|request| request.sent.to == endpoint(2)).unwrap();
    reply(&mut rig, to_broker_2, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    serve(&mut rig, &[(3, 1), (2, 0)]);
    send(&mut rig, 0, 5);
    assert!(produced(&mut rig).is_empty(), "a broker remembers five");
    accept(&mut rig, &requests[0], 1);
    let next = produced(&mut rig).remove(0);
    assert_eq!((next.sent.to.clone(), next.sequence()), (endpoint(3), 6));
}

#[test]
fn a_batch_that_hangs_at_an_old_leader_is_not_pushed_out_of_the_new_ones_memory() {
    let mut rig = one_record_per_batch(&[("max.in.flight.requests.per.connection", RawValue::Int(1))]);
    open_window(&mut rig, 0, LEADER);
    send(&mut rig, 0, 0);
    send(&mut rig, 1, 100);
    let requests = produced(&mut rig);
    let hanging = requests.iter().find(|request| request.sent.to == endpoint(1)).unwrap();
    // It was appended and replicated, then broker 3 took over; broker 2 sends the producer to ask who leads now.
    let mut new_leader = ProducerStateManager::default();
    let offset = |sequence: i32| Offset(i64::from(sequence));
    let opener = idempotent_batch(&["opener"], hanging.numbers(0).0, 0, 0);
    new_leader.update(&opener.placed_at(offset(0), LeaderEpoch(0)));
    new_leader.update(&hanging.batches[&0].clone().placed_at(offset(1), LeaderEpoch(0)));
    rig.run_until(rig.now + Duration::from_secs(1));
    let to_broker_2 = requests.iter().find(|request| request.sent.to == endpoint(2)).unwrap();
    reply(&mut rig, to_broker_2, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    serve(&mut rig, &[(3, 1), (2, 0)]);

    for token in 1..10 {
        send(&mut rig, 0, token);
    }
    let mut landed = Vec::new();
    while let Some(request) = produced(&mut rig).pop() {
        assert_eq!(request.sent.to, endpoint(3));
        let batch = &request.batches[&0];
        assert_eq!(new_leader.check(batch), Ok(SequenceCheck::Accept));
        new_leader.update(&batch.clone().placed_at(offset(request.sequence()), LeaderEpoch(1)));
        landed.push(request.sequence());
        accept(&mut rig, &request, i64::from(request.sequence()));
    }
    assert_eq!(landed, [2, 3, 4, 5], "four follow, though none of them is unresolved");
    rig.fail(&hanging.sent, RequestError::TimedOut);
    serve(&mut rig, &[(3, 1), (2, 0)]);
    rig.run_until(rig.now + Duration::from_secs(2));
    let retry = produced(&mut rig).into_iter().find(|request| request.sent.to == endpoint(3)).unwrap();
    let known = SequenceCheck::Duplicate { base_offset: offset(1), last_offset: offset(1) };
    assert_eq!(new_leader.check(&retry.batches[&0]), Ok(known));
    accept(&mut rig, &retry, 1);
    assert_eq!(produced(&mut rig).remove(0).sequence(), 6);
}

#[test]
fn after_a_disconnect_batches_go_again_in_order_with_the_same_numbers_and_one_by_one() {
    let mut rig = one_record_per_batch(&[]);
    open_window(&mut rig, 0, LEADER);
    for token in 0..4 {
        send(&mut rig, 0, token);
    }
    let lost = produced(&mut rig);
    assert_eq!(lost.len(), 4);
    let failed_at = rig.now;
    // The ends may come in any order.
    for index in [2, 0, 3, 1] {
        rig.fail(&lost[index].sent, RequestError::Disconnected);
    }
    send(&mut rig, 0, 4);
    serve(&mut rig, LEADER);
    assert!(produced(&mut rig).is_empty(), "no retry at the instant of the failure");

    let mut order = Vec::new();
    for offset in 0..5 {
        rig.run_until(rig.now + Duration::from_secs(2));
        serve(&mut rig, LEADER);
        let requests = produced(&mut rig);
        if offset < 3 {
            assert_eq!(requests.len(), 1, "a retried batch goes out as the earliest only");
        }
        for request in &requests {
            assert!(failed_at < request.sent.at);
            order.push((request.sequence(), request.values(0)[0].clone()));
            accept(&mut rig, request, offset);
        }
    }
    let expected: Vec<_> = (0..5).map(|index| (1 + index, format!("value {index}"))).collect();
    assert_eq!(order, expected);
    assert_eq!(outcomes(&rig).len(), 6);
}

#[test]
fn a_new_leader_gets_what_the_old_one_refused() {
    let mut rig = one_record_per_batch(&[]);
    send(&mut rig, 0, 1);
    serve(&mut rig, LEADER);
    let first = produced(&mut rig).remove(0);
    assert_eq!(first.sent.to, endpoint(1));
    // Late enough for metadata to be asked for at once.
    rig.run_until(rig.now + Duration::from_secs(1));
    reply(&mut rig, &first, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    serve(&mut rig, &[(3, 1), (2, 0)]);
    rig.run_until(rig.now + Duration::from_secs(1));
    let second = produced(&mut rig).remove(0);
    assert_eq!(second.sent.to, endpoint(3));
    assert_eq!(second.numbers(0), first.numbers(0));
    let attempts: Vec<u32> = rig
        .events
        .iter()
        .filter_map(|event| match event {
            Event::BatchSent { attempt, .. } => Some(*attempt),
            _ => None,
        })
        .collect();
    assert_eq!(attempts, [1, 2]);
}

#[test]
fn one_topic_partition_in_trouble_does_not_hold_up_another() {
    let mut rig = one_record_per_batch(&[]);
    send(&mut rig, 0, 1);
    serve(&mut rig, LEADER);
    let stuck = produced(&mut rig).remove(0);
    reply(&mut rig, &stuck, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    send(&mut rig, 1, 2);
    let other = produced(&mut rig).remove(0);
    accept(&mut rig, &other, 0);
    assert_eq!(outcomes(&rig).keys().copied().collect::<Vec<_>>(), [2]);
}

#[test]
fn without_idempotence_a_retry_may_land_behind_a_later_batch_unless_one_is_in_flight() {
    for (in_flight, expected) in [(5, vec!["value 2", "value 1"]), (1, vec!["value 1", "value 2"])] {
        let mut rig = one_record_per_batch(&[
            ("enable.idempotence", RawValue::Bool(false)),
            ("max.in.flight.requests.per.connection", RawValue::Int(in_flight)),
        ]);
        send(&mut rig, 0, 1);
        send(&mut rig, 0, 2);
        serve(&mut rig, LEADER);
        let mut landed = Vec::new();
        let mut refuse_first = true;
        for _round in 0..3 {
            for request in produced(&mut rig) {
                if std::mem::take(&mut refuse_first) {
                    reply(&mut rig, &request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
                } else {
                    landed.extend(request.values(0));
                    accept(&mut rig, &request, 0);
                }
            }
            rig.run_until(rig.now + Duration::from_secs(2));
        }
        assert_eq!(landed, expected, "{in_flight} in flight");
    }
}
