//! What else a trigger can say: how a fault ends, how much later it begins, after which other fault, and of what an event
//! has to be.

use std::time::Duration;

use broker_core::event::Event;
use broker_core::time::Timestamp;
use sim::cluster::Cluster;
use sim::trace::{TraceEntry, TraceEvent};
use sim::verdict::Verdict;

use crate::lookup::{PLAIN, Ran, Settings, run_with};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Within the tick that ends after it.
fn at_once(time: Timestamp, cause: Timestamp) -> bool {
    cause <= time && time.since(cause) <= Cluster::TICK
}

/// When a host said something for the first time.
fn first(ran: &Ran, host: &str, is: impl Fn(&Event) -> bool) -> Timestamp {
    ran.events_since(host, Timestamp::ZERO).into_iter().find(|(_, event)| is(event)).expect("it happened").0
}

fn passes(ran: &Ran) {
    assert_eq!((ran.output.report.verdict, &ran.output.report.vacuous), (Verdict::Pass, &vec![]));
}

#[test]
fn a_fault_goes_on_until_something_happens() {
    let ran = run_with(
        &PLAIN,
        r#"kind    = "partition"
between = ["leader(orders-0)", "follower(orders-0, 1)"]
at      = "200ms"
until   = { event = "isr_shrunk", target = "leader(orders-0)" }"#,
    );
    passes(&ran);
    let shrunk = first(&ran, "broker-1", |event| matches!(event, Event::IsrShrunk { .. }));
    assert!(at_once(ran.ended(None), shrunk), "{} {shrunk}", ran.ended(None));
}

#[test]
fn an_end_is_counted_from_the_beginning_and_one_that_never_comes_is_the_heal() {
    let ran = run_with(
        &Settings {
            before: r#"
[[fault]]
kind   = "delay"
target = "client(0)"
extra  = "1ms"
at     = "500ms"
until  = { event = "record_appended", nth = 1000000 }
may_miss = true
"#,
            ..PLAIN
        },
        r#"kind   = "delay"
target = "client(0)"
extra  = "1ms"
when   = { event = "record_appended", nth = 30 }
until  = { event = "record_appended", nth = 30, delay = "20ms" }"#,
    );
    passes(&ran);
    let appended = |end: Timestamp| {
        let entries = ran.on("broker-1", 0..ran.output.trace.len());
        let found = ran.occurrences("record_appended", &entries);
        found.iter().filter(|(index, _)| entries[*index].time <= end).map(|(_, worth)| worth).sum::<u64>()
    };
    assert_eq!(appended(ran.started(1)), 30);
    assert_eq!(appended(Timestamp(ran.ended(1).0 - 20_000)), 60);
    let heal = ran.output.report.phases.iter().find(|phase| phase.name == "heal").unwrap();
    assert_eq!(ran.ended(0), Timestamp(heal.started_us));
}

#[test]
fn a_restart_can_take_until_something_happens() {
    let ran = run_with(
        &PLAIN,
        r#"kind   = "restart"
target = "follower(orders-0, 1)"
at     = "500ms"
until  = { event = "record_acknowledged", nth = 100 }"#,
    );
    passes(&ran);
    let stopped = ran.on("broker-3", 0..ran.output.trace.len());
    let starts: Vec<Timestamp> = stopped
        .iter()
        .filter(|entry| entry.event == TraceEvent::HostStarted)
        .map(|entry| entry.time)
        .collect();
    let due = ran.acknowledged_by(ran.started(None)) + 100;
    assert!((due..=due + 2).contains(&ran.acknowledged_by(ran.ended(None))), "{:?}", ran.fault(None));
    assert!(at_once(starts[1], ran.ended(None)), "{starts:?}");
}

#[test]
fn a_fault_may_come_later_than_what_it_waits_for() {
    let ran = run_with(
        &PLAIN,
        r#"kind   = "pause"
target = "leader(orders-0)"
lasts  = "50ms"
when   = { event = "record_appended", nth = 20, delay = "57ms" }"#,
    );
    passes(&ran);
    let twentieth = first(
        &ran,
        "broker-1",
        |event| matches!(event, Event::RecordsAppended { end_offset, .. } if 20 <= end_offset.0),
    );
    assert!(at_once(ran.started(None), twentieth + ms(57)), "{twentieth} {}", ran.started(None));
}

#[test]
fn faults_follow_each_other_by_name() {
    let ran = run_with(
        &Settings {
            before: r#"
[[fault]]
name   = "last"
kind   = "drop_connections"
target = "broker(1)"
when   = { event = "fault_ended", fault = "second", delay = "200ms" }

[[fault]]
name   = "second"
kind   = "pause"
target = "broker(2)"
when   = { event = "fault_started", fault = "first", delay = "100ms" }
until  = { event = "fault_ended", fault = "first", delay = "30ms" }

[[fault]]
name     = "first"
kind     = "kill"
target   = "broker(3)"
at       = "500ms"
down_for = "300ms"
"#,
            ..PLAIN
        },
        r#"kind   = "pause"
target = "client(1)"
lasts  = "200ms"
when   = { event = "fault_started", fault = "last" }"#,
    );
    passes(&ran);
    assert_eq!(ran.ended(2), ran.started(2) + ms(300));
    assert!(at_once(ran.started(1), ran.started(2) + ms(100)));
    assert!(at_once(ran.ended(1), ran.ended(2) + ms(30)));
    assert!(at_once(ran.started(0), ran.ended(1) + ms(200)));
    assert_eq!(ran.started(3), ran.started(0), "in the same tick, as it stands below");
}

#[test]
fn a_fault_that_waits_for_one_that_never_begins_never_begins() {
    let ran = run_with(
        &Settings {
            before: r#"
[[fault]]
name   = "first"
kind   = "kill"
target = "broker(3)"
when   = { event = "log_truncated" }
"#,
            ..PLAIN
        },
        "kind = \"kill\"\ntarget = \"broker(2)\"\nwhen = { event = \"fault_started\", fault = \"first\" }",
    );
    let report = &ran.output.report;
    assert_eq!((report.verdict, report.vacuous.len()), (Verdict::Vacuous, 2));
    let said = "fault kill broker(3) never began: it waited for occurrence 1 of log_truncated (0 counted)";
    assert!(report.vacuous[0].ends_with(said), "{:?}", report.vacuous);
    let said = "fault kill broker(2) never began: it waited for the beginning of `first`";
    assert!(report.vacuous[1].contains(said), "{:?}", report.vacuous);
}

#[test]
fn a_role_means_whoever_has_it_when_it_happens() {
    let ran = run_with(
        &Settings {
            before: r#"
[[fault]]
kind     = "kill"
target   = "leader(orders-0)"
at       = "400ms"
down_for = "900ms"
"#,
            ..PLAIN
        },
        r#"kind     = "kill"
target   = "leader(orders-0)"
down_for = "100ms"
when     = { event = "record_appended", target = "leader(orders-0)", nth = 120 }"#,
    );
    passes(&ran);
    let hosts = ["broker-1", "broker-2", "broker-3"];
    let appended = hosts.map(|host| {
        let entries = ran.on(host, ran.until_fault(Some(1)));
        ran.occurrences("record_appended", &entries).iter().map(|(_, worth)| worth).sum::<u64>()
    });
    assert_eq!(appended.iter().filter(|count| 0 < **count).count(), 2, "two have led: {appended:?}");
    assert!((120..130).contains(&appended.iter().sum::<u64>()), "{appended:?}");
    assert_ne!(ran.fault(0).resolved, ran.fault(1).resolved);
}

#[test]
fn an_event_can_be_of_one_topic_partition() {
    let settings = Settings { topic: "partitions = 3", ..PLAIN };
    let ran = run_with(
        &settings,
        r#"kind     = "kill"
target   = "leader(orders-1)"
down_for = "100ms"
when     = { event = "record_appended", topic_partition = "orders-1", nth = 20 }"#,
    );
    passes(&ran);
    let entries: Vec<&TraceEntry> = ran.output.trace.entries()[ran.until_fault(Some(0))].iter().collect();
    let of = |partition: i32| {
        let appended =
            entries.iter().filter_map(|entry| match &entry.event {
                TraceEvent::Node(Event::RecordsAppended {
                    topic_partition, base_offset, end_offset, ..
                }) if topic_partition.partition == partition => Some(end_offset.0 - base_offset.0),
                _ => None,
            });
        appended.sum::<i64>()
    };
    assert_eq!(of(1), 20);
    assert!(5 < of(0) && 5 < of(2), "{} {}", of(0), of(2));
}

#[test]
fn a_request_can_be_of_one_api() {
    let ran = run_with(
        &PLAIN,
        r#"kind     = "kill"
target   = "controller"
down_for = "100ms"
when     = { event = "request_received", target = "controller", api = "BrokerHeartbeat", nth = 7 }"#,
    );
    passes(&ran);
    let entries = ran.on("controller", ran.until_fault(Some(0)));
    let received = |of: &dyn Fn(i16) -> bool| {
        let of_api =
            |entry: &&&TraceEntry| matches!(entry.event, TraceEvent::RequestReceived { api, .. } if of(api));
        entries.iter().filter(of_api).count()
    };
    assert_eq!(received(&|api| api == 63), 7);
    assert!(0 < received(&|api| api != 63), "others come too, and do not count");
}

#[test]
fn a_smaller_isr_is_no_election_even_if_the_controller_was_dead_when_counting_began() {
    let ran = run_with(
        &Settings {
            before: r#"
[[fault]]
kind     = "kill"
target   = "controller"
at       = "500ms"
down_for = "300ms"
"#,
            ..PLAIN
        },
        r#"kind   = "isolate"
target = "follower(orders-0, 1)"
at     = "600ms"
until  = { event = "leader_elected" }
may_miss = true"#,
    );
    passes(&ran);
    assert!(ran.started(0) < ran.started(1) && ran.started(1) < ran.ended(0));
    assert!(0 < ran.output.report.trace_events["isr_shrunk"]);
    let heal = ran.output.report.phases.iter().find(|phase| phase.name == "heal").unwrap();
    assert_eq!(ran.ended(1), Timestamp(heal.started_us));
}
