//! Explanations of real failures, and `cargo sim explain RUN_DIR` as a user meets it.
//!
//! What is told of a failure is kept in `told/`, without times, numbers and offsets: those move with every change of the
//! broker, and the story does not. `UPDATE_GOLDENFILES=1 cargo test -p sim --test explain` writes it anew.

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use sim::explain::{Explanation, Finding};
use sim::run::{Interrupt, run};
use sim::scenario::load;
use sim::seed::Seed;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// What is kept of a finding.
fn story(finding: &Finding) -> Vec<String> {
    let heading = format!("{}: {}", finding.subject, finding.conclusion);
    let moments = finding
        .timeline
        .iter()
        .map(|moment| format!("  {} {} {}", moment.host, moment.kind.name(), moment.words));
    let fates = finding.fates.iter().skip(1).map(|fate| format!("  differently: {}", fate.conclusion));
    [heading].into_iter().chain(moments).chain(fates).map(|line| timeless(&line)).collect()
}

/// Numbers become `N`, but for those of hosts.
fn timeless(line: &str) -> String {
    let mut text = String::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let is_name = ["broker-", "producer-", "consumer-"].iter().any(|host| text.ends_with(host));
        if !c.is_ascii_digit() || is_name {
            text.push(c);
            continue;
        }
        text.push('N');
        while let Some(next) = chars.next_if(|next| next.is_ascii_digit() || *next == '.') {
            // Two dots are a range, and one at the end of a sentence ends it.
            if next == '.' && chars.peek().is_none_or(|after| !after.is_ascii_digit()) {
                text.push('.');
                break;
            }
        }
    }
    text
}

fn explained(scenario: &str) -> Explanation {
    let scenario = load(&workspace().join("scenarios").join(scenario)).unwrap();
    let seed = scenario.seed.unwrap_or(Seed(1));
    run(&scenario, seed, &Interrupt::new(false)).report.explanation
}

fn is_told(scenario: &str) {
    let explanation = explained(&format!("{scenario}.toml"));
    let told: Vec<String> = explanation.findings.iter().flat_map(story).collect();
    let told = told.join("\n") + "\n";
    let name = scenario.rsplit('/').next().unwrap();
    let file = workspace().join(format!("sim/tests/explain/told/{name}.txt"));
    if std::env::var_os("UPDATE_GOLDENFILES").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &told).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == told,
        "UPDATE_GOLDENFILES=1 cargo test -p sim --test explain, if this is as true:\n{told}"
    );
}

#[test]
fn the_last_replica_standing_loses_what_it_never_flushed() {
    is_told("historical/last-replica-standing");
}

#[test]
fn a_lost_answer_and_a_retry_that_nobody_could_recognise() {
    is_told("client/lost-response-no-idempotence");
}

#[test]
fn disks_that_said_yes_and_lied() {
    is_told("disk/fsync-lie-all");
}

#[test]
fn a_leader_elected_uncleanly_cuts_what_it_never_had() {
    is_told("crash/unclean-election-on");
}

#[test]
fn the_last_one_in_the_isr_acknowledged_alone() {
    is_told("network/partitioned-leader-min-insync-1");
}

#[test]
fn every_event_that_is_told_is_on_one_screen() {
    let explanation = explained("random/beyond-contract.toml");
    for finding in &explanation.findings {
        assert!(finding.timeline.len() <= 40, "{:#?}", finding.lines());
    }
}

#[test]
fn numbers_go_and_hosts_stay() {
    assert_eq!(
        timeless("broker-2 truncates orders-0 from 196 to 0 at 6.124s."),
        "broker-2 truncates orders-N from N to N at Ns."
    );
    assert_eq!(timeless("appends 0..5"), "appends N..N");
}
