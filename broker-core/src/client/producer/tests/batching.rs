//! When records leave, and in which company.

use std::time::Duration;

use super::*;
use crate::io::{Node, ResponseExpected};

#[test]
fn a_batch_waits_for_company_until_it_has_lingered_and_leaves_exactly_then() {
    let mut rig = start(&[("linger.ms", RawValue::Int(10))]);
    serve(&mut rig, &[(1, 0), (2, 0)]);
    let first_at = rig.now;
    send(&mut rig, 0, 1);
    serve(&mut rig, &[(1, 0), (2, 0)]);
    rig.run_until(first_at + Duration::from_millis(4));
    send(&mut rig, 0, 2);
    assert!(produced(&mut rig).is_empty());
    assert_eq!(rig.node.next_deadline(), Some(first_at + Duration::from_millis(10)));
    rig.wake();
    let requests = produced(&mut rig);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].values(0), ["value 1", "value 2"]);
    assert_eq!(requests[0].sent.to, endpoint(1));
    accept(&mut rig, &requests[0], 40);
    let outcomes = outcomes(&rig);
    assert_eq!(outcomes[&1], SendOutcome::Ok { offset: Some(crate::types::Offset(40)) });
    assert_eq!(outcomes[&2], SendOutcome::Ok { offset: Some(crate::types::Offset(41)) });
    assert_eq!(rig.node.unfinished(), 0);
}

#[test]
fn a_full_batch_does_not_linger_and_the_record_that_did_not_fit_starts_the_next() {
    let mut rig = start(&[("linger.ms", RawValue::Int(1000)), ("batch.size", RawValue::Int(400))]);
    send_value(&mut rig, 0, 1, vec![b'a'; 120]);
    send_value(&mut rig, 0, 2, vec![b'b'; 120]);
    serve(&mut rig, &[(1, 0)]);
    assert!(produced(&mut rig).is_empty(), "both fit and linger");
    send_value(&mut rig, 0, 3, vec![b'c'; 120]);
    let requests = produced(&mut rig);
    assert_eq!(requests.len(), 1, "the first is full, the second lingers");
    assert_eq!(requests[0].batches[&0].record_count(), 2);
    assert!(requests[0].batches[&0].bytes().len() <= 400);
}

#[test]
fn a_request_holds_one_batch_of_each_topic_partition_its_broker_leads() {
    let shape = |requests: &[Produced]| -> Vec<_> {
        let topic_partitions = |request: &Produced| request.batches.keys().copied().collect::<Vec<_>>();
        requests.iter().map(|request| (request.sent.to.clone(), topic_partitions(request))).collect()
    };
    for idempotence in [true, false] {
        let settings =
            [("batch.size", RawValue::Int(0)), ("enable.idempotence", RawValue::Bool(idempotence))];
        let mut rig = start(&settings);
        for (partition, token) in [(0, 1), (0, 2), (1, 3), (2, 4)] {
            send(&mut rig, partition, token);
        }
        serve(&mut rig, &[(1, 0), (1, 0), (3, 0)]);
        let requests = produced(&mut rig);
        let (first, second) = ((endpoint(1), vec![0, 1]), (endpoint(1), vec![0]));
        let other = (endpoint(3), vec![2]);
        if idempotence {
            assert_eq!(shape(&requests), [first, other]);
            accept(&mut rig, &requests[0], 0);
            assert_eq!(shape(&produced(&mut rig)), [second], "it waited for an acknowledgement");
        } else {
            assert_eq!(shape(&requests), [first, second, other]);
        }
    }
}

#[test]
fn nothing_leaves_before_there_is_a_producer_id() {
    let mut rig = start(&[]);
    let ask = rig.take_request();
    assert!(matches!(ask.body, Request::InitProducerId(_)));
    send(&mut rig, 0, 1);
    serve(&mut rig, &[(1, 0)]);
    assert!(produced(&mut rig).is_empty());
    rig.answer(&ask, &InitProducerIdResponse::default().with_error_code(ErrorCode::BROKER_NOT_AVAILABLE.0));
    assert!(produced(&mut rig).is_empty());
    assert!(rig.requests.is_empty(), "no retry at the instant of the failure");
    rig.wake();
    serve(&mut rig, &[(1, 0)]);
    assert_eq!(produced(&mut rig).len(), 1);
}

#[test]
fn a_record_larger_than_a_request_fails_at_once() {
    let mut rig = start(&[("max.request.size", RawValue::Int(300))]);
    send_value(&mut rig, 0, 1, vec![0; 300]);
    let errors = vec![crate::error::AttemptError::Code(ErrorCode::MESSAGE_TOO_LARGE)];
    assert_eq!(outcomes(&rig)[&1], SendOutcome::Fail { errors });
}

#[test]
fn acks_one_asks_for_the_leader_only_and_acks_zero_for_no_answer() {
    for (acks, response) in [(1, ResponseExpected::Yes), (0, ResponseExpected::No)] {
        let mut rig = start(&[("acks", RawValue::Int(acks))]);
        send(&mut rig, 0, 1);
        serve(&mut rig, &[(1, 0)]);
        let requests = produced(&mut rig);
        let Request::Produce(body) = &requests[0].sent.body else { unreachable!() };
        assert_eq!(i64::from(body.acks), acks);
        assert_eq!(requests[0].sent.response, response);
        assert_eq!(requests[0].numbers(0), (-1, -1, -1), "no idempotence");
    }
}
