//! Every way to write a scenario wrong, and what is said about it.
//!
//! `diagnostics/<case>.toml` must give exactly `diagnostics/<case>.stderr`. With UPDATE_DIAGNOSTICS=1 the texts are
//! written anew instead, to be read before they are committed.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::json;
use sim::scenario::{discover, load, parse};

const VALID: &str = include_str!("diagnostics/valid/everything.toml");

#[test]
fn each_wrong_scenario_gets_its_text() {
    let update = std::env::var_os("UPDATE_DIAGNOSTICS").is_some();
    let cases = discover(&[PathBuf::from("tests/diagnostics")]).unwrap();
    let cases: Vec<_> =
        cases.into_iter().filter(|case| !case.starts_with("tests/diagnostics/valid")).collect();
    assert!(100 <= cases.len(), "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let Err(diagnostics) = load(&case) else { panic!("{} is accepted", case.display()) };
        let text = diagnostics.render(false);
        let expected = case.with_extension("stderr");
        if update {
            std::fs::write(&expected, &text).unwrap();
        } else if std::fs::read_to_string(&expected).ok().as_ref() != Some(&text) {
            wrong.push(format!("{} gives\n{text}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_that_cannot_be_read_are_diagnostics_too() {
    let missing = load(Path::new("tests/no-such-file.toml")).unwrap_err();
    let expected = "error: there is no such file\n--> tests/no-such-file.toml\n\n\
                    error: tests/no-such-file.toml: 1 problem, nothing was run\n";
    assert_eq!(missing.render(false), expected);
    let directory = load(Path::new("tests/diagnostics")).unwrap_err();
    let expected = "error: this is a directory, not a scenario file\n--> tests/diagnostics\n\n\
                    error: tests/diagnostics: 1 problem, nothing was run\n";
    assert_eq!(directory.render(false), expected);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_and_not_waited_for() {
    let pipe = std::env::temp_dir().join(format!("sim-pipe-{}.toml", std::process::id()));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero")] {
        let refused = load(path).unwrap_err().render(false);
        assert!(refused.contains("this is a pipe or a device, not a regular file"), "{refused}");
    }
    std::fs::remove_file(&pipe).unwrap();
}

#[test]
fn discovery_takes_files_and_directories_and_reports_every_missing_path() {
    let file = PathBuf::from("tests/diagnostics/empty.toml");
    let valid = PathBuf::from("tests/diagnostics/valid");
    let again = PathBuf::from("./tests/diagnostics/../diagnostics/empty.toml");
    let found = discover(&[valid.clone(), file.clone(), file.clone()]).unwrap();
    assert_eq!(found, [file.clone(), valid.join("everything.toml")]);
    let found = discover(&[file, again.clone(), valid.clone()]).unwrap();
    assert_eq!(found, [again, valid.join("everything.toml")]);
    let missing = discover(&["nowhere".into(), valid, "neither".into()]).unwrap_err();
    assert_eq!(missing.len(), 2);
    assert!(missing.render(false).ends_with("error: 2 problems in 2 files, nothing was run\n"));
}

#[test]
fn programs_get_the_same_as_json() {
    let json = parse("x.toml", "name = \"x\"\n\"ü\" = 1\n\n[[topic]]\nnme = \"a\"\n").unwrap_err().to_json();
    let entry = |message: &str, line: u32, column: u32, help: Option<&str>| {
        json!({
            "severity": "error", "message": message, "file": "x.toml", "line": line, "column": column, "help": help,
        })
    };
    assert_eq!(json[0]["message"], "there is no producer: nothing would be tested");
    assert_eq!(json.as_array().unwrap().len(), 4, "{json}");
    assert_eq!(json[2], entry("missing key `name`", 4, 1, None));
    assert_eq!(json[3], entry("unknown topic property `nme`", 5, 1, Some("did you mean `name`?")));
}

#[test]
fn color_only_adds_escapes() {
    let wrong = parse("x.toml", "name = 1\n").unwrap_err();
    let colored = wrong.render(true);
    assert!(colored.contains('\x1b') && !wrong.render(false).contains('\x1b'));
}

/// A valid scenario with some bytes deleted, replaced or put in.
fn mangled() -> impl Strategy<Value = Vec<u8>> {
    let interesting = prop_oneof![proptest::sample::select(&b"[]{}=.\"'\n\r\\#,-0s\t"[..]), any::<u8>()];
    let edit = (any::<proptest::sample::Index>(), 0..3_u8, interesting);
    proptest::collection::vec(edit, 1..8).prop_map(|edits| {
        let mut bytes = VALID.as_bytes().to_vec();
        for (index, what, byte) in edits {
            let index = index.index(bytes.len());
            match what {
                0 => drop(bytes.remove(index)),
                1 => bytes[index] = byte,
                _ => bytes.insert(index, byte),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mangled_scenarios_are_read_or_refused_with_positions_in_the_file(bytes in mangled()) {
        let source = String::from_utf8_lossy(&bytes);
        if let Err(diagnostics) = parse("mangled.toml", &source) {
            prop_assert!(0 < diagnostics.len());
            for problem in diagnostics.to_json().as_array().unwrap() {
                let line = usize::try_from(problem["line"].as_u64().unwrap()).unwrap();
                let column = usize::try_from(problem["column"].as_u64().unwrap()).unwrap();
                let width = source.split('\n').nth(line - 1).unwrap().chars().count();
                prop_assert!((1..=width + 1).contains(&column), "{problem}");
            }
            let _ = diagnostics.render(true);
        }
    }
}
