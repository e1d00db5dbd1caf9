//! What is different in the world if a fault hits `before` something happens, or `after`.

use std::time::Duration;

use broker_core::event::Event;
use broker_core::time::Timestamp;
use broker_core::types::LeaderEpoch;
use sim::history::{OpF, OpKind};
use sim::trace::TraceEvent;

use crate::lookup::{PLAIN, Ran, Settings, run_seed, run_with};
use crate::rows::{FAILOVER, LEFT_BEHIND};

const SOON: Duration = Duration::from_millis(50);

/// Kafka's api keys.
const PRODUCE: i16 = 0;
const FETCH: i16 = 1;
const ALTER_PARTITION: i16 = 56;

/// The same fault before and after: `MOMENT` stands in it.
fn both(settings: &Settings, fault: &str) -> [Ran; 2] {
    ["before", "after"].map(|moment| run_with(settings, &fault.replace("MOMENT", moment)))
}

/// The first of these events that a host says from some time on.
fn first<T>(ran: &Ran, host: &str, from: Timestamp, is: impl Fn(&Event) -> Option<T>) -> (Timestamp, T) {
    let mut found = ran.events_since(host, from).into_iter();
    found.find_map(|(time, event)| Some((time, is(event)?))).expect("it happens")
}

fn victim(ran: &Ran) -> &str {
    &ran.fault(None).resolved[0]
}

/// Where the victim's log ended when it was opened again.
fn recovered(ran: &Ran) -> i64 {
    let (_, end) = first(ran, victim(ran), ran.started(None), |event| match event {
        Event::RecoveryFinished { end_offset, .. } => Some(end_offset.0),
        _ => None,
    });
    end
}

/// Requests of this API that a host got until soon after the fault.
fn received(ran: &Ran, host: &str, api: i16) -> usize {
    let entries = ran.on(host, ran.until_fault(None));
    let got = entries.into_iter().filter(|entry| {
        entry.time <= ran.started(None) + SOON
            && matches!(entry.event, TraceEvent::RequestReceived { api: its, .. } if its == api)
    });
    got.count()
}

/// What became of the producer's n-th message, from 1, and when.
fn end_of_message(ran: &Ran, nth: u32) -> (OpKind, Timestamp) {
    let mut ends = ran.output.history.operations().iter().filter_map(|operation| match operation.f {
        OpF::Send { message, .. } if operation.kind != OpKind::Invoke && message.ordinal() + 1 == nth => {
            Some((operation.kind, operation.time))
        }
        _ => None,
    });
    ends.next().expect("every send ends")
}

#[test]
fn a_log_ends_below_the_record_before_it_is_appended_or_replicated_and_above_it_after() {
    let whens = [
        ("leader(orders-0)", r#"event = "record_appended""#),
        ("follower(orders-0, 0)", r#"event = "record_replicated""#),
        ("leader(orders-0)", r#"event = "request_received", api = "Produce""#),
    ];
    for (role, when) in whens {
        let fault = format!(
            "kind = \"kill\"\ntarget = \"{role}\"\ndown_for = \"300ms\"\n\
             when = {{ {when}, target = \"{role}\", nth = 50, moment = \"MOMENT\" }}"
        );
        let [before, after] = both(&PLAIN, &fault).each_ref().map(recovered);
        assert_eq!(before + 1, after, "{when}");
        if when.contains("record") {
            assert_eq!(after, 50, "{when}");
        }
    }
}

/// How far the log of the first leader epoch went on the leader, and on any follower.
fn first_epoch(ran: &Ran) -> (i64, i64) {
    let (mut appended, mut replicated) = (0, 0);
    for entry in ran.output.trace.entries() {
        match &entry.event {
            TraceEvent::Node(Event::RecordsAppended { end_offset, leader_epoch: LeaderEpoch(0), .. }) => {
                appended = end_offset.0;
            }
            TraceEvent::Node(Event::RecordsReplicated {
                end_offset, leader_epoch: LeaderEpoch(0), ..
            }) => {
                replicated = end_offset.0.max(replicated);
            }
            _ => {}
        }
    }
    (appended, replicated)
}

#[test]
fn a_leader_that_loses_power_between_its_append_and_the_fetch_is_one_line() {
    let when = r#"when = { event = "record_appended", target = "leader(orders-0)", nth = 50 }"#;
    let hurt = |kind: &str, seed| {
        run_seed(
            &PLAIN,
            &format!("kind = \"{kind}\"\ntarget = \"leader(orders-0)\"\ndown_for = \"1s\"\n{when}"),
            seed,
        )
    };
    for seed in 1..=5 {
        let ran = hurt("power_loss", seed);
        let started = ran.started(None);
        assert!(1 <= ran.fault(None).effect["records_lost"]);
        let (appended, replicated) = first_epoch(&ran);
        assert!(50 <= appended && replicated < 50, "no follower got it: {appended} {replicated}");
        assert!(ran.acknowledged_by(started) < 50);
        let (end, time) = end_of_message(&ran, 50);
        assert_eq!(end, OpKind::Ok, "the producer sends it again, to the next leader");
        assert!(started + Duration::from_millis(300) < time, "nobody acknowledges it before that one leads");
    }
    // A process that is only killed had its answer to a waiting fetch with the kernel, which sends it.
    let (appended, replicated) = first_epoch(&hurt("kill", 1));
    assert_eq!((appended, replicated), (50, 50));
}

#[test]
fn a_producer_without_power_knows_nothing_of_the_record_that_it_was_about_to_be_told_of() {
    let [before, after] = both(
        &PLAIN,
        r#"kind = "power_loss"
target = "client(0)"
down_for = "200ms"
when = { event = "record_acknowledged", nth = 50, moment = "MOMENT" }"#,
    );
    assert_eq!(
        (before.acknowledged_by(before.started(None)), after.acknowledged_by(after.started(None))),
        (49, 50)
    );
    assert_eq!((end_of_message(&before, 50).0, end_of_message(&after, 50).0), (OpKind::Info, OpKind::Ok));
}

/// The leader goes on alone with the other follower.
const FOLLOWER_CUT_OFF: Settings = Settings {
    before: r#"
[[fault]]
kind    = "partition"
between = ["leader(orders-0)", "follower(orders-0, 1)"]
at      = "200ms"
lasts   = "2500ms"
"#,
    ..PLAIN
};

#[test]
fn fewer_are_acknowledged_before_the_leader_does_what_acknowledges_than_after() {
    let whens = [
        (PLAIN, r#"event = "produce_answered", nth = 50"#),
        (PLAIN, r#"event = "high_watermark_advanced", nth = 50"#),
        (FOLLOWER_CUT_OFF, r#"event = "isr_shrunk""#),
        (FOLLOWER_CUT_OFF, r#"event = "alter_partition_answered""#),
    ];
    for (settings, when) in whens {
        let fault = format!(
            "kind = \"pause\"\ntarget = \"leader(orders-0)\"\nlasts = \"100ms\"\n\
             when = {{ {when}, target = \"leader(orders-0)\", moment = \"MOMENT\" }}"
        );
        let [before, after] =
            both(&settings, &fault).map(|ran| ran.acknowledged_by(ran.started(None) + SOON));
        assert!(before < after, "{when}: {before} {after}");
    }
}

#[test]
fn the_controller_is_not_asked_before_the_leader_asks_and_is_after_even_if_the_leader_is_dead() {
    let [before, after] = both(
        &FOLLOWER_CUT_OFF,
        r#"kind = "kill"
target = "leader(orders-0)"
down_for = "300ms"
when = { event = "alter_partition_sent", moment = "MOMENT" }"#,
    );
    assert_eq!([before, after].map(|ran| received(&ran, "controller", ALTER_PARTITION)), [0, 1]);
}

#[test]
fn an_election_is_held_again_if_the_controller_died_before_it_and_not_if_it_died_after() {
    let held_again = both(
        &FAILOVER,
        r#"kind = "kill"
target = "controller"
down_for = "100ms"
when = { event = "leader_elected", moment = "MOMENT" }"#,
    )
    .map(|ran| {
        let events = ran.events_since("controller", ran.started(None));
        // When the former leader is in the ISR again, that is no election.
        let elections = events.into_iter().filter(|(_, event)| match event {
            Event::PartitionChanged { leader_epoch, isr, .. } => leader_epoch.0 == 1 && isr.len() == 2,
            _ => false,
        });
        elections.count()
    });
    assert_eq!(held_again, [1, 0], "it was in the page cache of the controller's disk, and nobody knew");
}

#[test]
fn a_follower_killed_before_it_truncates_still_has_what_nobody_else_has() {
    let [before, after] = both(
        &LEFT_BEHIND,
        r#"kind = "kill"
target = "broker(1)"
down_for = "100ms"
when = { event = "log_truncated", target = "broker(1)", moment = "MOMENT" }"#,
    );
    let (_, (from, to)) = first(&after, "broker-1", Timestamp::ZERO, |event| match event {
        Event::LogTruncated { from, to, .. } => Some((from.0, to.0)),
        _ => None,
    });
    assert!(to < from);
    assert_eq!((recovered(&before), recovered(&after)), (from, to));
}

#[test]
fn a_leader_killed_before_it_rolls_a_segment_rolls_it_again() {
    let fault = r#"kind = "kill"
target = "leader(orders-0)"
down_for = "100ms"
when = { event = "segment_rolled", target = "leader(orders-0)", nth = 3, moment = "MOMENT" }"#;
    let settings = Settings { topic: "segment.bytes = 1024", ..PLAIN };
    let [before, after] = both(&settings, fault).map(|ran| {
        let rolled = |from| {
            first(&ran, victim(&ran), from, |event| match event {
                Event::SegmentRolled { base_offset, .. } => Some(base_offset.0),
                _ => None,
            })
        };
        (rolled(ran.started(None)).1, recovered(&ran))
    });
    let (base, end) = before;
    assert_eq!(base, end, "the roll and the append that makes it necessary are one input's doing");
    assert!(base < after.0 && base < after.1, "{before:?} {after:?}");
}

#[test]
fn a_flush_is_slowed_down_before_it_starts_and_not_after() {
    let [before, after] = both(
        &PLAIN,
        r#"kind = "slow_disk"
target = "leader(orders-0)"
latency = "300ms"
lasts = "1s"
when = { event = "flush_started", target = "leader(orders-0)", nth = 3, moment = "MOMENT" }"#,
    )
    .map(|ran| {
        let (time, ()) = first(&ran, victim(&ran), ran.started(None), |event| {
            matches!(event, Event::FlushFinished { .. }).then_some(())
        });
        time.since(ran.started(None))
    });
    assert!(Duration::from_millis(290) <= before && after <= SOON, "{before:?} {after:?}");
}

#[test]
fn power_lost_before_a_flush_finishes_takes_what_it_saves() {
    // With a flush for each append hardly any is of something else.
    let settings = Settings { broker: "log.flush.interval.messages = 1", ..PLAIN };
    for event in ["flush_finished", "disk_flush_finished"] {
        let fault = format!(
            "kind = \"power_loss\"\ntarget = \"leader(orders-0)\"\ndown_for = \"100ms\"\n\
             when = {{ event = \"{event}\", target = \"leader(orders-0)\", nth = 30, moment = \"MOMENT\" }}"
        );
        let [before, after] = both(&settings, &fault);
        let lost = |ran: &Ran| ran.fault(None).effect["bytes_lost"];
        assert!(lost(&after) < lost(&before), "{event}: {} {}", lost(&before), lost(&after));
        assert!(recovered(&before) < recovered(&after), "{event}");
    }
}

#[test]
fn the_controller_is_not_asked_for_more_before_a_leader_starts_and_is_after() {
    let fault = r#"kind = "kill"
target = "leader(orders-0)"
down_for = "100ms"
when = { event = "epoch_started", target = "leader(orders-0)", moment = "MOMENT" }"#;
    let [before, after] = both(&FAILOVER, fault).map(|ran| received(&ran, "controller", FETCH));
    assert_eq!(before + 1, after, "a fetch of metadata says what its sender knows");
}

#[test]
fn a_request_that_its_producer_died_before_never_arrives_and_one_that_it_died_after_does() {
    let [before, after] = both(
        &PLAIN,
        r#"kind = "kill"
target = "client(0)"
down_for = "500ms"
when = { event = "request_sent", api = "Produce", nth = 50, moment = "MOMENT" }"#,
    );
    assert_eq!([before, after].map(|ran| received(&ran, "broker-1", PRODUCE)), [49, 50]);
}
