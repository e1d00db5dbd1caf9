//! What passes make of scenarios, without running any.

use std::collections::BTreeSet;

use super::*;
use crate::report::{FaultReport, PhaseReport, RunReport, ScenarioRef};
use crate::scenario::parse;

/// Two topics, two producers, a consumer, four brokers.
const CLUSTER: &str = r#"
name = "all"
seed = 1
[cluster]
brokers = 4
network.latency = "1ms..9ms"
[broker]
replica.lag.time.max.ms = 700
log.flush.interval.messages = 1
[[topic]]
name = "orders"
partitions = 6
replication.factor = 3
min.insync.replicas = 2
[[topic]]
name = "other"
replication.factor = 2
[[producer]]
topics = ["orders", "other"]
records = 30
rate = "20/s"
linger.ms = 3
[[producer]]
topics = ["orders"]
[[consumer]]
topics = ["orders", "other"]
"#;

fn subject(rest: &str) -> Subject {
    let scenario =
        parse("all.toml", &format!("{CLUSTER}{rest}")).unwrap_or_else(|problems| panic!("{problems}"));
    let path = "all.toml".to_owned();
    let mut report = RunReport::new(ScenarioRef { name: "all".to_owned(), path }, 1);
    report.phases = vec![PhaseReport { name: "faults".to_owned(), started_us: 100_000, ended_us: 9_100_000 }];
    report.faults = (0..).zip(&scenario.plan.faults).map(|(index, _)| fault_report(index)).collect();
    Subject { scenario, report }
}

/// The n-th fault began n seconds into the phase and took half a second.
fn fault_report(index: u32) -> FaultReport {
    let started = 100_000 + u64::from(index) * 1_000_000;
    FaultReport {
        index,
        line: 1,
        random: false,
        kind: String::new(),
        target: String::new(),
        when: None,
        until: None,
        resolved: Vec::new(),
        started_us: Some(started),
        ended_us: Some(started + 500_000),
        effect: Default::default(),
        meanwhile: Default::default(),
        may_miss: false,
        vacuous: false,
    }
}

/// The candidates that are scenarios, as text.
fn texts(changes: &[Scenario]) -> Vec<String> {
    let sound = changes.iter().map(Scenario::to_toml).filter(|text| parse("all.toml", text).is_ok());
    sound.collect()
}

fn any(changes: &[Scenario], parts: &[&str]) -> bool {
    texts(changes).iter().any(|text| parts.iter().all(|part| text.contains(part)))
}

const WAITING: &str = r#"
[[fault]]
name = "first"
kind = "kill"
target = "broker(1)"
at = "2s"
down_for = "1s"
[[fault]]
kind = "pause"
target = "broker(4)"
when = { event = "fault_started", fault = "first", delay = "7ms" }
until = { event = "fault_ended", fault = "first" }
"#;

#[test]
fn who_waited_for_a_fault_that_is_gone_does_it_at_the_time_when_it_did() {
    let subject = subject(WAITING);
    let text = without_faults(&subject, &BTreeSet::from([0])).to_toml();
    assert_eq!(texts(&[parse("all.toml", &text).unwrap()]).len(), 1);
    assert!(text.contains("at     = \"1s\"") && text.contains("lasts  = \"500ms\""), "{text}");
    assert!(!text.contains("first"), "{text}");
}

#[test]
fn targets_follow_what_moves_up_and_faults_of_what_is_gone_go_with_it() {
    let subject = subject(
        "[[fault]]\nkind = \"isolate\"\ntarget = [\"broker(2)\", \"client(2)\"]\nat = \"1s\"\n\
         [[fault]]\nkind = \"kill\"\ntarget = \"leader(orders-5)\"\nat = \"2s\"\n\
         [[fault]]\nkind = \"wipe\"\ntarget = \"follower(orders-0, 1)\"\nat = \"3s\"\n",
    );
    let changes = actors::changes(&subject);
    // Without the consumer nobody is left but the broker; without a producer the consumer moves up.
    assert!(any(&changes, &["target = \"broker(2)\""]), "no consumer");
    assert!(any(&changes, &["target = [\"broker(2)\", \"client(1)\"]"]), "one producer");
    assert!(
        any(&changes, &["brokers         = 3", "target = [\"broker(1)\", \"client(2)\"]"]),
        "without broker 1"
    );
    assert!(any(&changes, &["partitions          = 1", "leader(orders-0)"]), "one partition");
    assert!(any(&changes, &["replication.factor  = 2", "follower(orders-0, 0)"]), "two replicas");
    // A topic that the second producer needs cannot go, the other one can.
    assert!(texts(&changes).iter().all(|text| text.contains("\"orders\"")));
    assert!(texts(&changes).iter().any(|text| !text.contains("\"other\"")));
    // No replication factor goes below what is promised.
    assert!(texts(&changes).iter().all(|text| text.contains("min.insync.replicas = 2")));
}

#[test]
fn settings_go_back_to_their_defaults_but_promises_stay() {
    let subject = subject("[phases]\nliveness = \"9s\"\n[expect]\nindeterminate_at_most = 3\n");
    let count = settings::count(&subject);
    assert_eq!(count, 5, "lag time, linger, latency, liveness, doubt");
    let text = settings::without(&subject, &(0..count).collect()).to_toml();
    for gone in ["replica.lag", "linger", "latency", "liveness", "indeterminate"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert!(text.contains("log.flush.interval.messages = 1") && text.contains("min.insync.replicas = 2"));
    assert!(settings::without(&subject, &BTreeSet::new()).to_toml() == subject.scenario.to_toml());
}

#[test]
fn times_become_rounder_together_and_one_by_one() {
    let subject = subject(
        "[[fault]]\nkind = \"pause\"\ntarget = \"broker(1)\"\nat = \"2345678us\"\nlasts = \"432100us\"\n\
         [[fault]]\nkind = \"pause\"\ntarget = \"broker(2)\"\nat = \"3s\"\nlasts = \"1s\"\n",
    );
    let changes = times::changes(&subject);
    let first = &texts(&changes)[0];
    assert!(first.contains("at     = \"2s\"\nlasts  = \"1s\""), "{first}");
    assert!(any(&changes, &["\"2345678us\"\nlasts  = \"430ms\"", "\"3s\""]), "one by itself");
    // Never rougher: nothing moves by a time that leaves microseconds where there were none.
    assert!(texts(&changes).iter().all(|text| text.matches("us\"").count() <= 2));
}

#[test]
fn what_waits_for_something_may_as_well_wait_for_a_time() {
    let subject = subject(WAITING);
    let changes = times::changes(&subject);
    assert!(any(&changes, &["at     = \"1s\"\nuntil", "fault_ended"]), "it begins when it did");
    assert!(any(&changes, &["fault_started", "lasts  = \"500ms\""]), "it takes as long as it did");
    assert!(any(&changes, &["fault_started", "lasts  = \"1s\""]), "or a rounder time");
}

#[test]
fn what_two_faults_do_one_can_do_to_both() {
    let subject = subject(
        "[[fault]]\nkind = \"power_loss\"\ntarget = \"broker(1)\"\nat = \"2s\"\ndown_for = \"300ms\"\n\
         [[fault]]\nkind = \"kill\"\ntarget = \"broker(1)\"\nat = \"2s\"\n\
         [[fault]]\nkind = \"power_loss\"\ntarget = \"broker(3)\"\nat = \"2500ms\"\ndown_for = \"1s\"\n",
    );
    let changes = merging::changes(&subject);
    assert_eq!(changes.len(), 4, "two times, two lengths");
    let first = &texts(&changes)[0];
    assert!(
        first.contains("target   = [\"broker(1)\", \"broker(3)\"]\nat       = \"2s\"\ndown_for = \"1s\""),
        "{first}"
    );
    assert!(changes.iter().all(|scenario| scenario.plan.faults.len() == 2));
}

#[test]
fn parameters_lose_what_is_not_needed() {
    let subject = subject(
        "[[fault]]\nname = \"nobody\"\nkind = \"delay\"\nstream = 7\nmay_miss = true\nextra = \"3ms..21ms\"\n\
         target = [\"broker(1)\", \"broker(2)\", \"broker(3)\", \"broker(4)\"]\nlasts = \"1s\"\n\
         when = { event = \"record_appended\", nth = 12, target = \"broker(1)\", moment = \"before\" }\n\
         [[fault]]\nkind = \"clock_jump\"\nby = \"-1234ms\"\ntarget = \"broker(1)\"\nat = \"1s\"\n",
    );
    let changes = parameters::changes(&subject);
    let whole = subject.scenario.to_toml();
    for key in ["name ", "stream", "may_miss", "lasts", "moment", "record_appended\", nth = 12, target"] {
        let is_there = |text: &str| text.contains(&format!("\n{key}")) || text.contains(key);
        assert!(is_there(&whole), "{key}");
    }
    for key in ["stream", "may_miss", "lasts", "moment", "nobody"] {
        assert!(texts(&changes).iter().any(|text| !text.contains(key)), "{key} is never left out");
    }
    for new in [
        "all_brokers",
        "extra    = \"21ms\"",
        "nth = 10",
        "by     = \"-1s\"",
        "[\"broker(1)\", \"broker(2)\", \"broker(3)\"]",
    ] {
        assert!(any(&changes, &[new]), "{new}: {:#?}", texts(&changes));
    }
}

#[test]
fn a_shorter_fault_phase_has_no_faults_that_begin_after_it() {
    let subject = subject(
        "[[fault]]\nkind = \"kill\"\ntarget = \"broker(1)\"\nat = \"1s\"\n\
         [[fault]]\nkind = \"kill\"\ntarget = \"broker(2)\"\nat = \"6s\"\n[phases]\nfaults = \"8s\"\n",
    );
    let changes = phases::changes(&subject);
    assert!(changes.iter().all(|scenario| scenario.phases.faults < subject.scenario.phases.faults));
    assert!(changes.is_sorted_by_key(|scenario| scenario.phases.faults));
    for scenario in &changes {
        let begin = [1, 6].map(std::time::Duration::from_secs);
        let left = begin.iter().filter(|begin| **begin < scenario.phases.faults).count();
        assert_eq!(scenario.plan.faults.len(), left, "{:?}", scenario.phases);
    }
}
