//! The README's example is real: it is read from there and run.

use std::path::Path;

use sim::checker::Anomaly;
use sim::run::{Interrupt, run};
use sim::scenario::parse;
use sim::seed::Seed;
use sim::verdict::Verdict;

fn example() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let (_, after) = text.split_once("```toml\n# my-settings.toml\n").expect("the example");
    after.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn the_example_loses_what_it_says_it_loses() {
    let scenario = parse("my-settings.toml", &example()).unwrap_or_else(|problems| panic!("{problems}"));
    let report = run(&scenario, Seed(7), &Interrupt::new(false)).report;
    assert_eq!(report.verdict, Verdict::Violation);
    let lost = report.violations.iter().find(|violation| violation.anomaly == Anomaly::LostWrite).unwrap();
    assert!(
        lost.summary.starts_with("200 of 800 acknowledged records of orders-0 are gone"),
        "{}",
        lost.summary
    );
}

#[test]
fn and_the_lines_that_save_it_do() {
    for saved in [
        example().replace("[[topic]]", "log.flush.interval.messages = 1\n\n[[topic]]"),
        example().replace("eligible.leader.replicas.enable = false", ""),
    ] {
        let scenario = parse("my-settings.toml", &saved).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(run(&scenario, Seed(7), &Interrupt::new(false)).report.verdict, Verdict::Pass);
    }
}
