//! One seed, the same bytes: in any order, thread and process.

#![expect(clippy::disallowed_methods, reason = "threads are what is tested here")]

use std::path::{Path, PathBuf};
use std::process::Command;

use sim::run::{Interrupt, run};
use sim::scenario::{Scenario, load};
use sim::seed::Seed;
use sim::trace::first_difference;

fn scenario(name: &str) -> Scenario {
    load(&workspace().join("scenarios").join(name)).unwrap()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn comparable(name: &str, seed: u64) -> String {
    run(&scenario(name), Seed(seed), &Interrupt::new(false)).report.comparable()
}

#[test]
fn order_and_threads_change_nothing() {
    let names = [
        "network/isolated-minority.toml",
        "disk/all-power-loss-flush-scheduler.toml",
        "rolling/rolling-restarts.toml",
    ];
    let cases: Vec<(&str, u64)> = names.iter().flat_map(|name| [(*name, 1), (*name, 2)]).collect();
    let in_order: Vec<String> = cases.iter().map(|(name, seed)| comparable(name, *seed)).collect();
    let reversed: Vec<String> = cases.iter().rev().map(|(name, seed)| comparable(name, *seed)).collect();
    assert!(in_order.iter().eq(reversed.iter().rev()), "the order of runs matters");
    let threads: Vec<_> =
        cases.into_iter().map(|(name, seed)| std::thread::spawn(move || comparable(name, seed))).collect();
    let threaded: Vec<String> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(in_order, threaded);
    // And seeds do matter.
    assert_ne!(in_order[0], in_order[1]);
}

#[test]
fn two_processes_write_the_same_files() {
    let reports = std::env::temp_dir().join(format!("sim-determinism-{}", std::process::id()));
    let files = |place: &str| {
        let reports = reports.join(place);
        let status = Command::new(env!("CARGO_BIN_EXE_sim"))
            .args(["run", "scenarios/crash/leader-killed.toml", "--seed", "0xbeef", "--reports"])
            .arg(&reports)
            .current_dir(workspace())
            .output()
            .unwrap();
        assert!(status.status.success(), "{status:?}");
        let directory = reports.join("leader-killed").join(0xbeef.to_string());
        let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
        let mut run: serde_json::Value = serde_json::from_str(&read("run.json")).unwrap();
        assert!(run["env"].take()["wall_ms"].is_number());
        (run.to_string(), read("history.jsonl"), read("trace.jsonl"), read("scenario.resolved.toml"))
    };
    let (one, other) = (files("one"), files("other"));
    std::fs::remove_dir_all(&reports).unwrap();
    assert!(one == other, "two processes differ");
}

#[test]
fn the_first_event_that_differs_is_named() {
    let one = run(&scenario("crash/leader-killed.toml"), Seed(1), &Interrupt::new(false));
    let other = run(&scenario("crash/leader-killed.toml"), Seed(2), &Interrupt::new(false));
    let difference = first_difference(&one.trace, &other.trace).expect("other seeds, other events");
    assert!(difference.first.is_some() && difference.first != difference.second, "{difference}");
}
