//! `cargo sim judge` as a command: one small history per anomaly beside this file, and everything that is no history.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sim::checker::Anomaly;

/// A history beside this file, the exit code, and which checkers find something or cannot tell.
const HISTORIES: [(&str, i32, &[&str], &[&str]); 18] = [
    ("good.jsonl", 0, &[], &[]),
    ("lost-write.jsonl", 1, &["lost-write"], &[]),
    ("duplicate.jsonl", 1, &["duplicate"], &[]),
    ("inconsistent-offsets.jsonl", 1, &["inconsistent-offsets"], &[]),
    ("elsewhere-than-acknowledged.jsonl", 1, &["inconsistent-offsets"], &[]),
    ("acknowledged-after-final-reads.jsonl", 3, &[], &["lost-write"]),
    ("final-reads-without-polls.jsonl", 3, &[], &["unseen"]),
    ("jepsen-elsewhere-than-acknowledged.edn", 3, &[], &["duplicate"]),
    ("nonmonotonic-send.jsonl", 1, &["nonmonotonic-send"], &[]),
    ("G1a.jsonl", 1, &["G1a"], &[]),
    ("phantom.jsonl", 1, &["phantom"], &[]),
    ("poll-skip.jsonl", 1, &["poll-skip"], &[]),
    ("nonmonotonic-poll.jsonl", 1, &["nonmonotonic-poll"], &[]),
    ("unseen.jsonl", 3, &[], &["unseen"]),
    ("lost-write-without-final-reads.jsonl", 1, &["lost-write", "poll-skip"], &[]),
    ("vacuous.jsonl", 4, &[], &[]),
    ("jepsen-good.edn", 0, &[], &[]),
    ("jepsen-lost-write.edn", 1, &["lost-write", "poll-skip"], &[]),
];

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge").join(name)
}

fn judge(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .arg("judge")
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

fn checkers<'j>(judgement: &'j Value, verdict: &str) -> Vec<&'j str> {
    let outcomes = judgement["outcomes"].as_array().unwrap().iter();
    outcomes
        .filter(|outcome| outcome["verdict"] == verdict)
        .map(|outcome| outcome["checker"].as_str().unwrap())
        .collect()
}

#[test]
fn each_history_is_judged_as_its_name_says() {
    for (name, expected, violated, unknown) in HISTORIES {
        let path = beside(name).display().to_string();
        let (code, stdout, stderr) = judge(&["--format", "json", &path], "");
        assert_eq!(code, expected, "{name}: {stdout}{stderr}");
        let judgement: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(checkers(&judgement, "violation"), violated, "{name}: {stdout}");
        assert_eq!(checkers(&judgement, "unknown"), unknown, "{name}: {stdout}");
        let (again, stdout, _) = judge(&[&path], "");
        assert_eq!(again, expected, "{name}");
        assert!(stdout.starts_with(judgement["verdict"].as_str().unwrap()), "{name}: {stdout}");
    }
}

#[test]
fn every_anomaly_of_histories_has_one() {
    let shown: BTreeSet<&str> =
        HISTORIES.iter().flat_map(|(_, _, violated, _)| violated.iter().copied()).collect();
    for anomaly in Anomaly::ALL.into_iter().filter(|anomaly| !anomaly.is_of_state()) {
        assert!(shown.contains(anomaly.name()), "no history beside this file has {anomaly}");
    }
}

#[test]
fn people_are_told_what_when_and_how_often() {
    let path = beside("lost-write.jsonl").display().to_string();
    let (_, stdout, stderr) = judge(&[&path], "");
    let expected = format!(
        "violation {path}: 3 acknowledged, 0 failed, 0 indeterminate, 2 records polled, 2 by final reads\n  \
         lost-write: 1 of 3 acknowledged records of orders-0 is gone (tail: offsets 2..3): message 0/2\n    \
         message 0/2 at offset 2 (operation 5)\n"
    );
    assert_eq!((stdout, stderr), (expected, String::new()));
}

#[test]
fn the_worst_of_several_counts_and_all_are_judged() {
    let paths = ["good.jsonl", "unseen.jsonl", "lost-write.jsonl", "vacuous.jsonl"];
    let paths = paths.map(|name| beside(name).display().to_string());
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let (code, stdout, _) = judge(&paths, "");
    let verdicts: Vec<_> = stdout
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!((code, verdicts), (1, vec!["pass", "unknown", "violation", "vacuous"]));
}

fn final_read(start: i64, end: i64) -> String {
    format!(
        r#"{{"process":9,"type":"ok","f":"final-read","topic_partition":"orders-0","start":{start},"end":{end}}}"#
    )
}

const PAST_THE_END: &str =
    r#"{"process":9,"type":"ok","f":"poll","topic_partition":"orders-0","records":[[900,null]],"last":true}"#;

#[test]
fn what_is_no_history_is_refused_with_its_line_the_reason_and_what_to_do() {
    let good = std::fs::read_to_string(beside("good.jsonl")).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let with = |number: usize, line: &str| {
        let mut lines = lines.clone();
        lines.insert(number - 1, line);
        lines.join("\n")
    };
    let send = lines[1];
    let cases = [
        (String::new(), "1: no header: the file is empty", "the first line has to be"),
        (lines[1..].join("\n"), "1: no header: missing field `history`", "the first line has to be"),
        (with(3, "{}"), "3: missing field `process`", "cargo sim judge --help"),
        (with(3, "garbage"), "3: expected value at column 1", "cargo sim judge --help"),
        (good[..good.len() - 7].to_owned(), "18: EOF while parsing", "the file ends within this line"),
        (with(3, send), "3: a message that was sent before", "a message is sent once"),
        (with(2, lines[3]), "2: a completion without an invocation", "a message is sent once"),
        (
            good.replacen(r#""offset""#, r#""offst""#, 1),
            "4: unknown key `offst`: did you mean `offset`?",
            "cargo sim judge --help",
        ),
        (
            good.clone() + &final_read(3, 2),
            "19: final reads that end below their start",
            "a message is sent once",
        ),
        (
            good.clone() + &final_read(0, 1),
            "19: final reads that were complete before",
            "a message is sent once",
        ),
        (
            good.clone() + PAST_THE_END,
            "19: a final read returned a record at or above",
            "a message is sent once",
        ),
        (with(5, lines[3]), "5: a second completion", "a message is sent once"),
        (
            with(4, &lines[3].replace(r#""process":0"#, r#""process":1"#)),
            "4: a completion by another process",
            "a message",
        ),
        (
            with(3, &send.replace("0/0", "0/9").replace('{', r#"{"index":7,"#))
                + "\n"
                + r#"{"index":6,"process":1,"type":"ok","f":"seek"}"#,
            "20: index 6 after",
            "operations stand in the order",
        ),
    ];
    for (history, reason, help) in cases {
        let (code, stdout, stderr) = judge(&["-"], &history);
        assert_eq!((code, stdout.as_str()), (2, ""), "{reason}: {stderr}");
        assert!(stderr.starts_with(&format!("error: standard input:{reason}")), "{reason}: {stderr}");
        assert!(stderr.contains(&format!("\n  help: {help}")), "{help}: {stderr}");
        let (code, stdout, _) = judge(&["-", "--format", "json"], &history);
        let refused: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(code, 2);
        assert!(refused["error"]["reason"].is_string(), "{stdout}");
    }
    let (code, _, stderr) = judge(&["no-such.jsonl"], "");
    assert_eq!(code, 2);
    assert!(stderr.starts_with("error: no-such.jsonl: cannot be read"), "{stderr}");
}

#[test]
fn unknown_keys_are_warned_about_once_and_do_not_change_the_verdict() {
    let history =
        std::fs::read_to_string(beside("good.jsonl")).unwrap().replace(r#""type""#, r#""colour":3,"type""#);
    let (code, _, stderr) = judge(&["-"], &history);
    let expected = "warning: -: line 2: unknown key `colour` is ignored\n";
    assert_eq!((code, stderr.as_str()), (0, expected));
}

#[test]
fn the_help_shows_the_format_and_its_example_can_be_judged() {
    let (code, stdout, _) = judge(&["--help"], "");
    assert_eq!(code, 0);
    let example: Vec<&str> = stdout.lines().map(str::trim).filter(|line| line.starts_with('{')).collect();
    let (code, _, stderr) = judge(&["-"], &example.join("\n"));
    assert_eq!((example.len(), code, stderr.as_str()), (7, 0, ""));
}
