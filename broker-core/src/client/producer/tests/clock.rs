//! A clock that is set.

use std::time::Duration;

use super::*;
use crate::error::{AttemptError, RequestError};
use crate::io::Node;
use crate::time::Timestamp;

const HOUR: Duration = Duration::from_secs(3600);

/// A producer long after its clock began.
fn after_two_hours(settings: &[Setting<'_>]) -> Rig<Producer> {
    let mut rig = one_record_per_batch(settings);
    rig.now = rig.now + 2 * HOUR;
    send(&mut rig, 0, 0);
    serve(&mut rig, &[(1, 0), (2, 0)]);
    let first = produced(&mut rig).remove(0);
    accept(&mut rig, &first, 0);
    rig
}

fn set_back(rig: &mut Rig<Producer>) {
    rig.now = Timestamp::from_duration(rig.now.since(Timestamp::from_duration(HOUR)));
    rig.tick();
}

#[test]
fn a_producer_whose_clock_is_set_back_tries_again_after_the_pause_it_had_planned() {
    let mut rig = after_two_hours(&[]);
    send(&mut rig, 0, 1);
    let sent = produced(&mut rig).remove(0);
    rig.fail(&sent.sent, RequestError::Disconnected);
    let pause = rig.node.next_deadline().expect("it tries again").since(rig.now);
    set_back(&mut rig);
    assert_eq!(rig.node.next_deadline().map(|at| at.since(rig.now)), Some(pause));
    rig.run_until(rig.now + Duration::from_secs(2));
    serve(&mut rig, &[(1, 0), (2, 0)]);
    rig.run_until(rig.now + Duration::from_secs(2));
    let again = produced(&mut rig).remove(0);
    accept(&mut rig, &again, 1);
    assert!(matches!(outcomes(&rig)[&1], SendOutcome::Ok { .. }));
}

#[test]
fn a_send_expires_when_its_time_is_up_neither_early_nor_late_if_the_clock_is_set_back() {
    let settings =
        [("delivery.timeout.ms", RawValue::Int(10_000)), ("request.timeout.ms", RawValue::Int(5_000))];
    let mut rig = after_two_hours(&settings);
    send(&mut rig, 0, 1);
    let _never_answered = produced(&mut rig);
    rig.run_until(rig.now + Duration::from_secs(4));
    rig.tick();
    set_back(&mut rig);
    rig.run_until(rig.now + Duration::from_millis(5_999));
    assert!(!outcomes(&rig).contains_key(&1), "not early");
    rig.run_until(rig.now + Duration::from_millis(1));
    let SendOutcome::Info { errors } = &outcomes(&rig)[&1] else { panic!("{:?}", outcomes(&rig)) };
    assert_eq!(errors, &[AttemptError::Expired]);
}

#[test]
fn records_bear_the_time_that_the_clock_shows() {
    let mut rig = after_two_hours(&[]);
    set_back(&mut rig);
    send(&mut rig, 0, 1);
    let batch = produced(&mut rig).remove(0).batches.remove(&0).expect("it was sent");
    assert_eq!(batch.max_timestamp_ms(), rig.now.as_millis());
}
