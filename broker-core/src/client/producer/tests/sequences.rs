//! Gaps, fencing and wrapping: what happens to the numbers (KIP-360).

use std::time::Duration;

use super::super::sequences::Ordinal;
use super::*;
use crate::error::{AttemptError, RequestError};
use crate::event::Event;

const LEADER: &[(i32, i32)] = &[(1, 0), (2, 0)];

fn three_in_flight() -> (Rig<Producer>, Vec<Produced>) {
    let mut rig = one_record_per_batch(&[]);
    open_window(&mut rig, 0, LEADER);
    for token in 0..3 {
        send(&mut rig, 0, token);
    }
    let requests = produced(&mut rig);
    assert_eq!(requests.iter().map(Produced::sequence).collect::<Vec<_>>(), [1, 2, 3]);
    (rig, requests)
}

#[test]
fn out_of_order_on_the_earliest_raises_the_epoch_and_numbers_the_rest_anew() {
    let (mut rig, requests) = three_in_flight();
    let (id, epoch, _) = requests[0].numbers(0);
    for request in &requests {
        reply(&mut rig, request, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    let mut numbers = Vec::new();
    for offset in 0..3 {
        rig.run_until(rig.now + Duration::from_secs(2));
        for request in produced(&mut rig) {
            numbers.push((request.numbers(0), request.values(0)[0].clone()));
            accept(&mut rig, &request, offset);
        }
    }
    let expected: Vec<_> = (0..3).map(|index| ((id, epoch + 1, index), format!("value {index}"))).collect();
    assert_eq!(numbers, expected);
    assert_eq!(outcomes(&rig).keys().copied().collect::<Vec<_>>(), [0, 1, 2, OPENER]);
    let epochs = rig.events.iter().filter(|event| matches!(event, Event::ProducerIdAssigned { .. })).count();
    assert_eq!(epochs, 2, "raised once, not once per answer");
}

#[test]
fn numbers_do_not_change_while_a_batch_that_has_them_is_in_flight() {
    let (mut rig, requests) = three_in_flight();
    reply(&mut rig, &requests[0], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    rig.run_until(rig.now + Duration::from_secs(2));
    assert!(produced(&mut rig).is_empty());
    reply(&mut rig, &requests[1], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    assert!(produced(&mut rig).is_empty());
    reply(&mut rig, &requests[2], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    let again = produced(&mut rig).remove(0);
    let (id, epoch, _) = requests[0].numbers(0);
    assert_eq!(again.numbers(0), (id, epoch + 1, 0));
}

/// All copies lost power and forgot the producer while its first batch hung: the next leader took the second for the first.
#[test]
fn a_batch_that_was_overtaken_is_never_numbered_anew_and_ends_in_doubt() {
    for acknowledged_before_the_refusal in [true, false] {
        let (mut rig, requests) = three_in_flight();
        let [overtaken, second, third] = &requests[..] else { unreachable!() };
        rig.fail(&overtaken.sent, RequestError::TimedOut);
        rig.run_until(rig.now + Duration::from_secs(1));
        serve(&mut rig, LEADER);
        let retry = produced(&mut rig).remove(0);
        let refuse = |rig: &mut _| reply(rig, &retry, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
        if !acknowledged_before_the_refusal {
            refuse(&mut rig);
        }
        accept(&mut rig, second, 0);
        accept(&mut rig, third, 1);
        if acknowledged_before_the_refusal {
            refuse(&mut rig);
        }
        let mut attempts = 0;
        while !outcomes(&rig).contains_key(&0) {
            rig.run_until(rig.now + Duration::from_secs(1));
            serve(&mut rig, LEADER);
            for again in produced(&mut rig) {
                assert_eq!(again.numbers(0), overtaken.numbers(0));
                reply(&mut rig, &again, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
                attempts += 1;
            }
        }
        assert!(5 < attempts, "{attempts} attempts");
        assert!(matches!(outcomes(&rig)[&0], SendOutcome::Info { .. }), "{:?}", outcomes(&rig)[&0]);
        send(&mut rig, 0, 3);
        let (id, epoch, _) = overtaken.numbers(0);
        assert_eq!(produced(&mut rig).remove(0).numbers(0), (id, epoch, 4), "what follows goes on as it was");
    }
}

#[test]
fn out_of_order_on_a_later_batch_is_a_plain_retry() {
    let (mut rig, requests) = three_in_flight();
    reply(&mut rig, &requests[1], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    accept(&mut rig, &requests[0], 0);
    accept(&mut rig, &requests[2], 2);
    rig.run_until(rig.now + Duration::from_secs(2));
    let again = produced(&mut rig).remove(0);
    assert_eq!(again.numbers(0), requests[1].numbers(0));
}

#[test]
fn another_topic_partition_moves_to_the_new_epoch_once_its_own_batches_are_resolved() {
    let mut rig = one_record_per_batch(&[]);
    send(&mut rig, 1, 10);
    serve(&mut rig, LEADER);
    let other = produced(&mut rig).remove(0);
    send(&mut rig, 0, 1);
    let gap = produced(&mut rig).remove(0);
    let (id, epoch, _) = gap.numbers(0);
    reply(&mut rig, &gap, ErrorCode::UNKNOWN_PRODUCER_ID, -1);
    send(&mut rig, 1, 11);
    assert!(produced(&mut rig).is_empty(), "a batch of the old epoch is in flight there");
    accept(&mut rig, &other, 0);
    let next = produced(&mut rig).remove(0);
    assert_eq!(next.numbers(1), (id, epoch + 1, 0));
}

#[test]
fn a_batch_given_up_in_doubt_blocks_its_topic_partition_until_an_epoch_is_raised() {
    let mut rig = one_record_per_batch(&[]);
    send(&mut rig, 0, 1);
    serve(&mut rig, LEADER);
    let lost = produced(&mut rig).remove(0);
    rig.run_until(rig.now + Duration::from_secs(121));
    send(&mut rig, 0, 2);
    serve(&mut rig, LEADER);
    assert!(produced(&mut rig).is_empty());
    reply(&mut rig, &lost, ErrorCode::REQUEST_TIMED_OUT, -1);
    let next = produced(&mut rig).remove(0);
    let (id, epoch, _) = lost.numbers(0);
    assert_eq!(next.numbers(0), (id, epoch + 1, 0));
    assert_eq!(next.values(0), ["value 2"], "what expired is never sent again");
}

#[test]
fn a_later_acknowledgement_resolves_what_was_given_up() {
    let mut rig = one_record_per_batch(&[("retries", RawValue::Int(1))]);
    open_window(&mut rig, 0, LEADER);
    send(&mut rig, 0, 1);
    send(&mut rig, 0, 2);
    let requests = produced(&mut rig);
    reply(&mut rig, &requests[0], ErrorCode::UNKNOWN_SERVER_ERROR, -1);
    send(&mut rig, 0, 3);
    assert!(produced(&mut rig).is_empty());
    accept(&mut rig, &requests[1], 1);
    let (id, epoch, _) = requests[0].numbers(0);
    assert_eq!(produced(&mut rig).remove(0).numbers(0), (id, epoch, 3));
}

#[test]
fn a_refused_producer_epoch_fails_the_batch_and_brings_a_new_producer_id() {
    let (mut rig, requests) = three_in_flight();
    let (id, ..) = requests[0].numbers(0);
    accept(&mut rig, &requests[1], 0);
    accept(&mut rig, &requests[2], 1);
    reply(&mut rig, &requests[0], ErrorCode::INVALID_PRODUCER_EPOCH, -1);
    let errors = vec![AttemptError::Code(ErrorCode::INVALID_PRODUCER_EPOCH)];
    assert_eq!(outcomes(&rig)[&0], SendOutcome::Fail { errors });
    send(&mut rig, 0, 9);
    assert!(produced(&mut rig).is_empty());
    serve(&mut rig, LEADER);
    let next = produced(&mut rig).remove(0);
    assert_eq!((next.numbers(0).1, next.sequence()), (0, 0));
    assert!(id < next.numbers(0).0);
}

#[test]
fn sequences_wrap_from_the_largest_to_zero_and_stay_in_order() {
    let (mut rig, requests) = three_in_flight();
    for request in &requests {
        accept(&mut rig, request, 0);
    }
    let topic_partition = TopicPartition::new(TOPIC, 0);
    let largest = (1 << 31) - 1;
    rig.node.accumulator.get_mut(&topic_partition).sequences.skip_to(Ordinal(largest));
    for token in 10..13 {
        send(&mut rig, 0, token);
    }
    let requests = produced(&mut rig);
    assert_eq!(requests.iter().map(Produced::sequence).collect::<Vec<_>>(), [i32::MAX, 0, 1]);
    // All are refused, and the one before the wrap is the earliest all the same.
    for request in requests.iter().rev() {
        reply(&mut rig, request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    }
    let mut again = Vec::new();
    for _round in 0..3 {
        rig.run_until(rig.now + Duration::from_secs(2));
        for request in produced(&mut rig) {
            again.push(request.sequence());
            accept(&mut rig, &request, 0);
        }
    }
    assert_eq!(again, [i32::MAX, 0, 1]);
}

fn values(requests: &[Produced]) -> Vec<String> {
    requests.iter().flat_map(|request| request.values(0)).collect()
}

#[test]
fn the_second_batch_of_an_identity_waits_until_the_first_is_acknowledged() {
    let mut rig = one_record_per_batch(&[]);
    send(&mut rig, 0, 1);
    send(&mut rig, 0, 2);
    serve(&mut rig, LEADER);
    let first = produced(&mut rig);
    assert_eq!(values(&first), ["value 1"]);
    // A broker that does not know the producer takes any sequence: the second must not get there before the first.
    reply(&mut rig, &first[0], ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    assert!(produced(&mut rig).is_empty());
    rig.run_until(rig.now + Duration::from_secs(2));
    let again = produced(&mut rig);
    assert_eq!(values(&again), ["value 1"]);
    assert_eq!(again[0].numbers(0), first[0].numbers(0));
    accept(&mut rig, &again[0], 0);
    assert_eq!(values(&produced(&mut rig)), ["value 2"]);
}

#[test]
fn under_a_new_identity_batches_leave_one_by_one_until_the_first_is_acknowledged() {
    for trouble in [ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorCode::INVALID_PRODUCER_EPOCH] {
        let (mut rig, requests) = three_in_flight();
        reply(&mut rig, &requests[0], trouble, -1);
        for request in &requests[1..] {
            reply(&mut rig, request, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
        }
        send(&mut rig, 0, 3);
        let mut landed = Vec::new();
        for refused in [true, false, false, false, false] {
            serve(&mut rig, LEADER);
            rig.run_until(rig.now + Duration::from_secs(2));
            let requests = produced(&mut rig);
            if landed.is_empty() {
                assert_eq!((requests.len(), requests[0].sequence()), (1, 0));
            }
            for request in requests {
                if refused {
                    reply(&mut rig, &request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
                } else {
                    landed.extend(request.values(0));
                    accept(&mut rig, &request, 0);
                }
            }
        }
        let first = usize::from(trouble == ErrorCode::INVALID_PRODUCER_EPOCH);
        let expected: Vec<_> = (first..4).map(|token| format!("value {token}")).collect();
        assert_eq!(landed, expected);
    }
}

/// Lets everything be accepted, round by round; what was sent, under which numbers.
fn settle(rig: &mut Rig<Producer>) -> Vec<((i64, i16, i32), String)> {
    let mut sent = Vec::new();
    for _round in 0..4 {
        serve(rig, LEADER);
        rig.run_until(rig.now + Duration::from_secs(2));
        for request in produced(rig) {
            sent.push((request.numbers(0), request.values(0)[0].clone()));
            accept(rig, &request, 1);
        }
    }
    assert_eq!(rig.node.unfinished(), 0);
    sent
}

/// The ways in which an attempt can leave a doubt.
fn doubts() -> [Result<ErrorCode, RequestError>; 3] {
    [
        Err(RequestError::TimedOut),
        Ok(ErrorCode::NOT_LEADER_OR_FOLLOWER),
        Ok(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND),
    ]
}

fn leave_in_doubt(rig: &mut Rig<Producer>, request: &Produced, doubt: Result<ErrorCode, RequestError>) {
    match doubt {
        Err(error) => rig.fail(&request.sent, error),
        Ok(code) => reply(rig, request, code, -1),
    }
}

#[test]
fn a_broker_that_calls_a_retry_out_of_order_is_believed_and_may_get_the_batch_twice() {
    for doubt in doubts() {
        let mut rig = one_record_per_batch(&[]);
        open_window(&mut rig, 0, LEADER);
        send(&mut rig, 0, 1);
        let first = produced(&mut rig).remove(0);
        leave_in_doubt(&mut rig, &first, doubt);
        serve(&mut rig, LEADER);
        rig.run_until(rig.now + Duration::from_secs(2));
        let again = produced(&mut rig).remove(0);
        assert_eq!(again.numbers(0), first.numbers(0));
        reply(&mut rig, &again, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
        let (id, epoch, _) = first.numbers(0);
        assert_eq!(settle(&mut rig), [((id, epoch + 1, 0), "value 1".into())], "{doubt:?}");
        assert!(matches!(outcomes(&rig)[&1], SendOutcome::Ok { .. }), "{doubt:?}");
    }
}

#[test]
fn behind_a_batch_that_is_not_in_the_log_nothing_is_and_all_of_it_is_numbered_anew() {
    for doubt in doubts() {
        let (mut rig, requests) = three_in_flight();
        let (id, epoch, _) = requests[0].numbers(0);
        leave_in_doubt(&mut rig, &requests[1], doubt);
        reply(&mut rig, &requests[2], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
        reply(&mut rig, &requests[0], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
        let expected: Vec<_> =
            (0..3).map(|index| ((id, epoch + 1, index), format!("value {index}"))).collect();
        assert_eq!(settle(&mut rig), expected, "{doubt:?}");
    }
}

#[test]
fn behind_a_batch_that_was_given_up_in_doubt_another_in_doubt_is_never_sent_under_other_numbers() {
    let mut rig = one_record_per_batch(&[("retries", RawValue::Int(2))]);
    open_window(&mut rig, 0, LEADER);
    for token in 1..4 {
        send(&mut rig, 0, token);
    }
    let requests = produced(&mut rig);
    // The first two hang on the way to the broker and may arrive yet; the third was refused for lack of them.
    rig.fail(&requests[0].sent, RequestError::TimedOut);
    rig.fail(&requests[1].sent, RequestError::TimedOut);
    reply(&mut rig, &requests[2], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    serve(&mut rig, LEADER);
    rig.run_until(rig.now + Duration::from_secs(2));
    for _retry in 0..2 {
        assert!(outcomes(&rig).keys().all(|token| *token == OPENER));
        let again = produced(&mut rig).remove(0);
        rig.fail(&again.sent, RequestError::TimedOut);
        serve(&mut rig, LEADER);
        rig.run_until(rig.now + Duration::from_secs(2));
    }
    assert!(matches!(outcomes(&rig)[&1], SendOutcome::Info { .. }), "out of retries");
    let second = produced(&mut rig).remove(0);
    assert_eq!(values(std::slice::from_ref(&second)), ["value 2"]);
    // The attempts of the first can still close the gap, and then this one is appended as it was first sent.
    reply(&mut rig, &second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    assert!(matches!(outcomes(&rig)[&2], SendOutcome::Info { .. }));
    let (id, epoch, _) = requests[0].numbers(0);
    assert_eq!(settle(&mut rig), [((id, epoch + 1, 0), "value 3".into())], "that one was only ever refused");
}

#[test]
fn after_the_last_producer_epoch_comes_a_new_producer_id() {
    let mut rig = start(&[("batch.size", RawValue::Int(0))]);
    send(&mut rig, 0, 1);
    let answer = |rig: &mut Rig<Producer>, id: i64, epoch: i16| {
        let ask = |sent: &Sent| matches!(sent.body, Request::InitProducerId(_));
        let index = rig.requests.iter().position(ask).expect("an id is asked for");
        let sent = rig.requests.remove(index).unwrap();
        let response = InitProducerIdResponse::default();
        rig.answer(&sent, &response.with_producer_id(id.into()).with_producer_epoch(epoch));
    };
    answer(&mut rig, 7, i16::MAX);
    serve(&mut rig, LEADER);
    let first = produced(&mut rig).remove(0);
    assert_eq!(first.numbers(0), (7, i16::MAX, 0));
    reply(&mut rig, &first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    // The old id is not taken again, nor one without an epoch.
    answer(&mut rig, 7, 0);
    rig.run_until(rig.now + Duration::from_secs(2));
    answer(&mut rig, 8, -1);
    rig.run_until(rig.now + Duration::from_secs(2));
    answer(&mut rig, 9, 0);
    rig.run_until(rig.now + Duration::from_secs(2));
    let again = produced(&mut rig).remove(0);
    assert_eq!((again.numbers(0), again.values(0)), ((9, 0, 0), vec!["value 1".to_owned()]));
}

#[test]
fn a_refusal_after_a_doubtful_attempt_is_no_gap_and_leaves_the_numbers_of_others_alone() {
    let mut rig = one_record_per_batch(&[("retries", RawValue::Int(1))]);
    open_window(&mut rig, 0, LEADER);
    send(&mut rig, 0, 1);
    send(&mut rig, 0, 2);
    let requests = produced(&mut rig);
    // Both were appended, and nobody heard of it.
    for request in &requests {
        rig.fail(&request.sent, RequestError::TimedOut);
    }
    serve(&mut rig, LEADER);
    rig.run_until(rig.now + Duration::from_secs(2));
    let again = produced(&mut rig);
    assert_eq!(values(&again), ["value 1"]);
    reply(&mut rig, &again[0], ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    assert!(matches!(outcomes(&rig)[&1], SendOutcome::Info { .. }));
    let second = produced(&mut rig).remove(0);
    assert_eq!(second.numbers(0), requests[1].numbers(0), "the broker has to recognise it");
    reply(&mut rig, &second, ErrorCode::DUPLICATE_SEQUENCE_NUMBER, 2);
    send(&mut rig, 0, 3);
    let (id, epoch, _) = requests[0].numbers(0);
    assert_eq!(produced(&mut rig).remove(0).numbers(0), (id, epoch, 3), "that resolved the first, too");
}
