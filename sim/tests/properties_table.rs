//! The README's tables of anomalies and properties: complete, and each story really breaks what it is said to break.

use std::fs;
use std::path::{Path, PathBuf};

use sim::checker::{Anomaly, check_all};
use sim::history::History;
use sim::oracle::PROPERTIES;
use sim::run::{Interrupt, run};
use sim::scenario::load;
use sim::seed::Seed;

struct Row {
    anomaly: Anomaly,
    source: String,
    judge: String,
    story: String,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The rows of five columns whose first one is the name of an anomaly.
fn rows() -> Vec<Row> {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let (_, section) = readme.split_once("## What is checked").expect("the section");
    let section = section.split("\n## ").next().expect("it has a text");
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, _meaning, source, judge, story] = cells[..] else { return None };
        let plain = |cell: &str| cell.trim_matches('`').to_owned();
        let anomaly = Anomaly::parse(&plain(name))?;
        Some(Row { anomaly, source: source.to_owned(), judge: plain(judge), story: plain(story) })
    };
    section.lines().filter(|line| line.starts_with("| `")).filter_map(row).collect()
}

#[test]
fn every_anomaly_has_a_source_a_judge_and_a_story() {
    let rows = rows();
    let named: Vec<Anomaly> = rows.iter().map(|row| row.anomaly).collect();
    assert_eq!(named, Anomaly::ALL, "a row for each, in their order");
    for Row { anomaly, source, judge, .. } in &rows {
        assert!(!source.is_empty(), "{anomaly} comes from nowhere");
        let text = fs::read_to_string(workspace().join(judge)).unwrap_or_else(|_| panic!("no {judge}"));
        let heads = [format!("//! `{anomaly}`"), format!("//! `{anomaly}`:")];
        assert!(heads.iter().any(|head| text.starts_with(head.as_str())), "{judge} does not judge {anomaly}");
        for part in ["Formally", "Source", "false alarm"] {
            assert!(text.contains(part), "{judge} does not say: {part}");
        }
    }
    for property in &PROPERTIES {
        let row = rows.iter().find(|row| row.anomaly == property.anomaly).expect("it has a row");
        assert!(row.judge.ends_with(property.file), "{} is judged in {}", row.anomaly, property.file);
    }
}

#[test]
fn each_story_breaks_what_it_is_said_to_break() {
    for Row { anomaly, judge, story, .. } in rows() {
        let path = workspace().join(&story);
        let found: Vec<Anomaly> = if story.ends_with(".toml") {
            let scenario = load(&path).unwrap_or_else(|problems| panic!("{problems}"));
            let report = run(&scenario, Seed(1), &Interrupt::new(false)).report;
            report.violations.iter().chain(&report.beyond).map(|violation| violation.anomaly).collect()
        } else if story.ends_with(".jsonl") {
            let history = History::read_jsonl(fs::read(&path).unwrap().as_slice()).expect("a history");
            let checks = check_all(&history).expect("it does not contradict itself");
            checks.violations.iter().map(|violation| violation.anomaly).collect()
        } else {
            let text = fs::read_to_string(workspace().join(&judge)).unwrap();
            let (_, test) = text.split_once(&format!("fn {story}()")).unwrap_or_else(|| {
                panic!("{judge} has no story {story}");
            });
            let test = test.split("#[test]").next().expect("it has a text");
            // The name of the variant is what the story expects to be found.
            let variant = format!("{anomaly:?}");
            assert!(test.contains(&format!("Anomaly::{variant}")), "{story} does not break {anomaly}");
            continue;
        };
        assert!(found.contains(&anomaly), "{story} breaks {found:?}, and not {anomaly}");
    }
}
