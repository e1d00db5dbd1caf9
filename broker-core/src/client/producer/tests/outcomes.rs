//! What the application is told.

use std::time::Duration;

use super::*;
use crate::error::{AttemptError, RequestError};
use crate::types::Offset;

fn code(code: i16) -> AttemptError {
    AttemptError::Code(ErrorCode(code))
}

#[test]
fn a_duplicate_is_a_success_once_with_or_without_its_offset() {
    for (answer, base_offset, offset) in [(0, 7, Some(Offset(7))), (46, 7, Some(Offset(7))), (46, -1, None)] {
        let mut rig = one_record_per_batch(&[]);
        send(&mut rig, 0, 1);
        serve(&mut rig, &[(1, 0)]);
        let first = produced(&mut rig).remove(0);
        rig.fail(&first.sent, RequestError::Disconnected);
        serve(&mut rig, &[(1, 0)]);
        rig.run_until(rig.now + Duration::from_secs(2));
        let second = produced(&mut rig).remove(0);
        assert_eq!(first.numbers(0), second.numbers(0));
        reply(&mut rig, &second, ErrorCode(answer), base_offset);
        assert_eq!(outcomes(&rig)[&1], SendOutcome::Ok { offset });
    }
}

#[test]
fn each_final_error_is_of_its_class() {
    for (answer, fails) in
        [(10, true), (17, true), (21, true), (29, true), (31, true), (47, true), (53, true), (87, true)]
            .into_iter()
            .chain([(-1, false), (35, false), (1234, false)])
    {
        let mut rig = one_record_per_batch(&[]);
        send(&mut rig, 0, 1);
        serve(&mut rig, &[(1, 0)]);
        let request = produced(&mut rig).remove(0);
        reply(&mut rig, &request, ErrorCode(answer), -1);
        let errors = vec![code(answer)];
        let expected = if fails { SendOutcome::Fail { errors } } else { SendOutcome::Info { errors } };
        assert_eq!(outcomes(&rig)[&1], expected);
    }
}

#[test]
fn each_retriable_error_is_of_its_class_when_retries_run_out() {
    for (answer, fails) in
        [(2, true), (19, true), (3, false), (5, false), (6, false), (7, false), (20, false), (56, false)]
    {
        let mut rig = one_record_per_batch(&[("retries", RawValue::Int(1))]);
        send(&mut rig, 0, 1);
        for attempt in 0..2 {
            assert!(outcomes(&rig).is_empty(), "attempt {attempt}");
            serve(&mut rig, &[(1, 0)]);
            rig.run_until(rig.now + Duration::from_secs(2));
            serve(&mut rig, &[(1, 0)]);
            let request = produced(&mut rig).remove(0);
            reply(&mut rig, &request, ErrorCode(answer), -1);
        }
        let errors = vec![code(answer); 2];
        let expected = if fails { SendOutcome::Fail { errors } } else { SendOutcome::Info { errors } };
        assert_eq!(outcomes(&rig)[&1], expected);
    }
}

#[test]
fn what_expires_unsent_has_failed() {
    let mut rig = start(&[]);
    let sent_at = rig.now;
    send(&mut rig, 0, 1);
    rig.run_until(sent_at + Duration::from_millis(119_999));
    assert!(outcomes(&rig).is_empty());
    rig.run_until(sent_at + Duration::from_secs(120));
    assert_eq!(outcomes(&rig)[&1], SendOutcome::Fail { errors: vec![AttemptError::Expired] });
}

#[test]
fn what_expires_in_flight_is_in_doubt_and_its_late_answer_changes_nothing() {
    let mut rig = one_record_per_batch(&[]);
    send(&mut rig, 0, 1);
    serve(&mut rig, &[(1, 0)]);
    let request = produced(&mut rig).remove(0);
    rig.run_until(rig.now + Duration::from_secs(121));
    assert_eq!(outcomes(&rig)[&1], SendOutcome::Info { errors: vec![AttemptError::Expired] });
    assert_eq!(rig.node.unfinished(), 0);

    send(&mut rig, 0, 2);
    serve(&mut rig, &[(1, 0)]);
    assert!(produced(&mut rig).is_empty(), "the sequence of the first is unresolved");
    accept(&mut rig, &request, 5);
    assert_eq!(outcomes(&rig).len(), 1);
    let next = produced(&mut rig).remove(0);
    let (id, epoch, _) = request.numbers(0);
    assert_eq!(next.numbers(0), (id, epoch, 1), "the late answer resolved the sequence: no new epoch");
}

#[test]
fn refused_and_then_expired_while_waiting_has_failed() {
    let mut rig = one_record_per_batch(&[]);
    send(&mut rig, 0, 1);
    serve(&mut rig, &[(1, 0)]);
    let mut attempts = 0;
    while outcomes(&rig).is_empty() {
        for request in produced(&mut rig) {
            attempts += 1;
            reply(&mut rig, &request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
        }
        rig.wake();
    }
    let mut errors = vec![code(19); attempts];
    errors.push(AttemptError::Expired);
    assert!(2 < attempts);
    assert_eq!(outcomes(&rig)[&1], SendOutcome::Fail { errors });
}

#[test]
fn acks_zero_is_always_in_doubt() {
    for error in [None, Some(RequestError::Disconnected), Some(RequestError::TimedOut)] {
        let mut rig = one_record_per_batch(&[("acks", RawValue::Int(0))]);
        send(&mut rig, 0, 1);
        serve(&mut rig, &[(1, 0)]);
        let request = produced(&mut rig).remove(0);
        let (result, expected) = match error {
            None => (Ok(Bytes::new()), AttemptError::NoAcks),
            Some(error) => (Err(error), AttemptError::from(error)),
        };
        rig.input(Input::Response { request: request.sent.id, result });
        assert_eq!(outcomes(&rig)[&1], SendOutcome::Info { errors: vec![expected] });
    }
}

#[test]
fn one_doubtful_attempt_among_refusals_leaves_a_doubt_and_every_error_is_told() {
    for answers in [[19, 7, 29], [2, 19, 17], [7, 2, 10], [19, 20, 87]] {
        let mut rig = one_record_per_batch(&[]);
        send(&mut rig, 0, 1);
        for answer in answers {
            serve(&mut rig, &[(1, 0)]);
            rig.run_until(rig.now + Duration::from_secs(2));
            let request = produced(&mut rig).remove(0);
            reply(&mut rig, &request, ErrorCode(answer), -1);
        }
        let errors: Vec<_> = answers.into_iter().map(code).collect();
        let fails = answers.iter().all(|answer| ![7, 20].contains(answer));
        let expected = if fails { SendOutcome::Fail { errors } } else { SendOutcome::Info { errors } };
        assert_eq!(outcomes(&rig)[&1], expected, "{answers:?}");
    }
}

#[test]
fn a_batch_that_waits_for_its_next_attempt_expires_in_doubt_if_one_was() {
    let mut rig = one_record_per_batch(&[("retry.backoff.ms", RawValue::Int(1_000))]);
    send(&mut rig, 0, 1);
    serve(&mut rig, &[(1, 0)]);
    let sent_at = rig.now;
    let request = produced(&mut rig).remove(0);
    rig.run_until(sent_at + Duration::from_millis(119_500));
    reply(&mut rig, &request, ErrorCode::REQUEST_TIMED_OUT, -1);
    assert!(outcomes(&rig).is_empty());
    rig.run_until(sent_at + Duration::from_secs(120));
    assert!(produced(&mut rig).is_empty());
    assert_eq!(outcomes(&rig)[&1], SendOutcome::Info { errors: vec![code(7), AttemptError::Expired] });
    send(&mut rig, 0, 2);
    serve(&mut rig, &[(1, 0)]);
    rig.run_until(rig.now + Duration::from_secs(2));
    let (id, epoch, _) = request.numbers(0);
    let next = produced(&mut rig).remove(0);
    assert_eq!(next.numbers(0), (id, epoch + 1, 0), "nobody will say what became of the first");
}
