//! Each kind of fault does what it says, and nothing else.

use broker_core::time::Timestamp;
use sim::report::FaultReport;
use sim::run::{Interrupt, RunOutput, run};
use sim::scenario::parse;
use sim::seed::Seed;
use sim::trace::{Stop, TraceEvent};
use sim::verdict::Verdict;

/// Runs a cluster of three with one topic and these faults; the fault phase lasts 4 s.
fn run_with(faults: &str) -> RunOutput {
    let source = format!(
        r#"
name  = "faults"
story = "Whatever the test does to it."

[[topic]]
name = "orders"
replication.factor  = 3
min.insync.replicas = 2

[[producer]]
topics  = ["orders"]
records = 600
rate    = "200/s"

{faults}

[phases]
faults = "4s"
"#
    );
    let scenario = parse("faults.toml", &source).unwrap_or_else(|problems| panic!("{problems}"));
    let output = run(&scenario, Seed(3), &Interrupt::new(false));
    assert_eq!(output.report.panic, None);
    assert!(output.report.violations.is_empty(), "{:?}", output.report.violations);
    assert_eq!(output.report.liveness, None);
    output
}

fn fault(output: &RunOutput, index: usize) -> &FaultReport {
    &output.report.faults[index]
}

/// When something happened on a host, since the fault phase began, in milliseconds.
fn times(output: &RunOutput, host: &str, is: impl Fn(&TraceEvent) -> bool) -> Vec<i64> {
    let began = output.report.phases.iter().find(|phase| phase.name == "faults").unwrap().started_us;
    let began = Timestamp(began).as_millis();
    let entries = output.trace.entries().iter();
    entries
        .filter(|entry| output.trace.host_name(entry.host) == host && is(&entry.event))
        .map(|entry| entry.time.as_millis() - began)
        .filter(|time| 0 <= *time)
        .collect()
}

#[test]
fn a_killed_process_is_missed_at_once_and_a_host_without_power_only_by_timeouts() {
    let first_failure = |kind: &str| {
        let faults = format!(
            "[[fault]]\nkind = \"{kind}\"\ntarget = \"broker(1)\"\nat = \"1s\"\ndown_for = \"1500ms\""
        );
        let output = run_with(&faults);
        // In flight at any time: the followers' fetches.
        ["broker-2", "broker-3"]
            .iter()
            .flat_map(|host| times(&output, host, |event| matches!(event, TraceEvent::RequestFailed { .. })))
            .min()
    };
    let killed = first_failure("kill").expect("connections were closed");
    assert!((1_000..1_010).contains(&killed), "{killed} ms");
    // replica.fetch.wait.max.ms + replica.socket.timeout.ms, from the last fetch before it on.
    let silent = first_failure("power_loss").expect("requests in flight fail in the end");
    assert!((2_490..2_526).contains(&silent), "{silent} ms");
}

#[test]
fn a_power_loss_says_what_it_cost_and_a_kill_costs_nothing() {
    let faults = |kind: &str| {
        format!("[[fault]]\nkind = \"{kind}\"\ntarget = \"leader(orders-0)\"\nat = \"1s\"\ndown_for = \"1s\"")
    };
    let lost = run_with(&faults("power_loss"));
    assert_eq!(fault(&lost, 0).effect["hosts_stopped"], 1);
    assert!(10_000 < fault(&lost, 0).effect["bytes_lost"], "{:?}", fault(&lost, 0).effect);
    assert_eq!(lost.report.disks["broker-1"]["power_losses"], 1);
    let killed = run_with(&faults("kill"));
    assert_eq!(fault(&killed, 0).effect["processes_killed"], 1);
    assert_eq!(killed.report.disks["broker-1"]["power_losses"], 0);
}

#[test]
fn a_host_that_two_faults_keep_down_comes_back_when_the_last_one_ends() {
    let output = run_with(
        r#"
[[fault]]
kind = "kill"
target = "broker(2)"
at = "500ms"
down_for = "1s"

[[fault]]
kind = "power_loss"
target = "broker(2)"
at = "1s"
down_for = "1500ms"

[[fault]]
kind = "restart"
target = "broker(2)"
at = "1200ms"
may_miss = true
"#,
    );
    let started = times(&output, "broker-2", |event| *event == TraceEvent::HostStarted);
    assert_eq!(started, [2_500]);
    assert_eq!(output.report.verdict, Verdict::Pass, "there was nothing to restart, and that was allowed");
    assert!(!fault(&output, 0).vacuous && !fault(&output, 1).vacuous && fault(&output, 2).vacuous);
}

#[test]
fn a_restart_is_clean_and_takes_as_long_as_it_says() {
    let output =
        run_with("[[fault]]\nkind = \"restart\"\ntarget = \"broker(3)\"\nat = \"1s\"\ndown_for = \"700ms\"");
    let shut_down = |event: &TraceEvent| matches!(event, TraceEvent::HostStopped { how: Stop::ShutDown });
    let stopped = times(&output, "broker-3", shut_down);
    let started = times(&output, "broker-3", |event| *event == TraceEvent::HostStarted);
    assert_eq!((stopped.len(), started.len()), (1, 1));
    assert!((700..=702).contains(&(started[0] - stopped[0])), "{stopped:?} {started:?}");
    assert_eq!(output.trace.counts().get("recovery_started"), None, "nothing had to be recovered");
    assert_eq!(output.report.verdict, Verdict::Pass);
}

#[test]
fn cuts_count_what_they_dropped_and_holds_what_they_kept_back() {
    let cut = run_with(
        "[[fault]]\nkind = \"partition\"\nfrom = \"broker(1)\"\nto = \"broker(2)\"\nat = \"1s\"\nlasts = \"100ms\"",
    );
    assert!(0 < fault(&cut, 0).effect["messages_dropped"]);
    let held = run_with(
        "[[fault]]\nkind = \"hold\"\nbetween = [\"broker(1)\", \"broker(2)\"]\nat = \"1s\"\nlasts = \"100ms\"",
    );
    assert!(0 < fault(&held, 0).effect["messages_held"]);
    // Nothing was lost on the way: no request between the two ended without an answer.
    let failed = |host: &str| times(&held, host, |event| matches!(event, TraceEvent::RequestFailed { .. }));
    assert_eq!((failed("broker-1"), failed("broker-2")), (Vec::new(), Vec::new()));
}

#[test]
fn a_cut_through_which_nobody_talks_is_vacuous() {
    let output = run_with(
        "[[fault]]\nkind = \"partition\"\nbetween = [\"controller\", \"client(0)\"]\nat = \"1s\"\nlasts = \"1s\"",
    );
    assert_eq!(output.report.verdict, Verdict::Vacuous);
    let said =
        "faults.toml:15: fault partition controller <-> client(0) changed nothing on controller, producer-0";
    assert_eq!(output.report.vacuous, [said]);
}

#[test]
fn clients_can_die_and_what_they_had_under_way_is_nobodys_promise() {
    let output =
        run_with("[[fault]]\nkind = \"kill\"\ntarget = \"client(0)\"\nat = \"1s\"\ndown_for = \"500ms\"");
    let counts = output.report.counts;
    assert_eq!(counts.acknowledged + counts.failed + counts.indeterminate, 600);
    assert!(300 < counts.acknowledged, "{counts:?}");
    let assigned = output.trace.counts()["producer_id_assigned"];
    assert_eq!(assigned, 3, "a new process gets a new producer id, and the probe has its own");
    assert_eq!(output.report.verdict, Verdict::Pass);
}

#[test]
fn an_end_that_never_comes_and_a_fault_that_comes_too_late_are_vacuous() {
    let endless = run_with(
        r#"
[[fault]]
kind = "isolate"
target = "broker(2)"
at = "1s"
until = { event = "log_truncated", nth = 50 }
"#,
    );
    assert_eq!(endless.report.verdict, Verdict::Vacuous);
    let said =
        "fault isolate broker(2) ended only with the heal: it waited for occurrence 50 of log_truncated (";
    assert!(endless.report.vacuous[0].contains(said), "{:?}", endless.report.vacuous);
    let late = run_with(
        r#"
[[fault]]
kind = "kill"
target = "broker(2)"
when = { event = "record_acknowledged", nth = 150 }
until = "200ms"
"#,
    );
    assert_eq!(late.report.verdict, Verdict::Vacuous);
    assert!(late.report.vacuous[0].contains("never began: "), "{:?}", late.report.vacuous);
    assert!(late.report.vacuous[0].contains("which was over by then"), "{:?}", late.report.vacuous);
}

#[test]
fn a_restart_under_way_at_the_heal_ends_there() {
    let output =
        run_with("[[fault]]\nkind = \"restart\"\ntarget = \"broker(3)\"\nat = \"3s\"\ndown_for = \"10m\"");
    assert_eq!(output.report.verdict, Verdict::Pass, "{:?}", output.report.liveness);
    let heal = output.report.phases.iter().find(|phase| phase.name == "heal").unwrap().started_us;
    let ended = fault(&output, 0).ended_us.unwrap();
    assert!(heal <= ended && ended <= heal + 10_000, "{ended}");
}

#[test]
fn the_order_in_the_file_does_not_decide_what_happens_in_one_tick() {
    let early = "[[fault]]\nkind = \"kill\"\ntarget = \"broker(1)\"\nat = \"1s\"\ndown_for = \"1s\"\n";
    let late = "[[fault]]\nkind = \"kill\"\ntarget = \"broker(1)\"\nat = \"2s\"\ndown_for = \"1s\"\n";
    for faults in [format!("{early}{late}"), format!("{late}{early}")] {
        let output = run_with(&faults);
        assert!(output.report.faults.iter().all(|fault| !fault.vacuous), "{:?}", output.report.vacuous);
    }
}

#[test]
fn an_end_whose_delay_outlasts_the_phase_has_seen_what_it_waited_for() {
    let output = run_with(
        r#"
[[fault]]
kind = "isolate"
target = "follower(orders-0, 1)"
at = "500ms"
until = { event = "record_appended", nth = 10, delay = "3900ms" }
"#,
    );
    assert_eq!(output.report.verdict, Verdict::Pass, "{:?}", output.report.vacuous);
    assert_eq!(fault(&output, 0).until, None);
}

#[test]
fn faults_that_may_miss_cannot_all_miss() {
    let output = run_with(
        r#"
[[nemesis]]
kind = "hold"
between = ["controller", "client(0)"]
every = "500ms"
lasts = "100ms"
may_miss = true
"#,
    );
    assert!(1 < output.report.faults.len());
    assert_eq!(output.report.verdict, Verdict::Vacuous);
    assert_eq!(output.report.vacuous, ["no fault changed anything"]);
}
