//! `cargo sim explain RUN_DIR`: from files, the same as in `run.json`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Runs of its own, with their reports.
struct Place(PathBuf);

impl Place {
    fn new(name: &str, scenario: &str) -> Place {
        let place = Place(std::env::temp_dir().join(format!("sim-explain-{name}-{}", std::process::id())));
        fs::create_dir_all(&place.0).unwrap();
        let scenario = super::workspace().join("scenarios").join(scenario).display().to_string();
        let (code, stdout, stderr) = place.sim(&["run", &scenario, "--reports", "reports"]);
        assert_eq!(code, 0, "{stdout}{stderr}");
        place
    }

    fn sim(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
        command.args(arguments).env_remove("SIM_SEED").env("NO_COLOR", "1").current_dir(&self.0);
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().expect("an exit code"), text(stdout), text(stderr))
    }

    /// Explains the run that was written.
    fn explain(&self, arguments: &[&str]) -> (i32, String, String) {
        self.sim(&[&["explain", "reports/latest"], arguments].concat())
    }

    fn file(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.0.join("reports/latest")).unwrap().join(name)
    }

    fn edit(&self, name: &str, change: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.file(name)).unwrap();
        fs::write(self.file(name), change(text)).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Exit code 2, nothing on standard output, and this in the complaint.
fn refused((code, stdout, stderr): &(i32, String, String), said: &str) {
    assert_eq!((*code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains(said), "no `{said}` in: {stderr}");
}

#[test]
fn a_failure_is_explained_from_its_files_as_it_was_when_it_ran() {
    let place = Place::new("failure", "historical/last-replica-standing.toml");
    let run: Value = serde_json::from_str(&fs::read_to_string(place.file("run.json")).unwrap()).unwrap();
    let (code, json, _) = place.explain(&["--format", "json"]);
    let findings: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, Value::Array(findings)), (0, run["explanation"].clone()));
    let (code, text, stderr) = place.explain(&[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for said in
        ["(never", "because broker-1, which no longer", "shared this fate", "died", "inconsistent-offsets"]
    {
        assert!(text.contains(said), "no `{said}` in: {text}");
    }
    let by_path = place.sim(&["explain", "reports/latest/run.json"]);
    assert_eq!(by_path.1, text);
}

#[test]
fn any_record_of_any_run_has_a_life() {
    let place = Place::new("pass", "crash/leader-killed.toml");
    let (code, text, _) = place.explain(&[]);
    assert!(code == 0 && text.contains("nothing to explain"), "{text}");
    let (code, json, _) = place.explain(&["--record", "0/3", "--format", "json"]);
    let finding: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, finding["message"].as_str()), (0, Some("0/3")), "{json}");
    let at = (finding["topic_partition"].as_str().unwrap(), finding["offset"].to_string());
    let (_, same, _) = place.explain(&["--partition", at.0, "--offset", &at.1, "--format", "json"]);
    assert_eq!(same, json);
    refused(&place.explain(&["--record", "0/99999"]), "nobody sent a message 0/99999");
    refused(&place.explain(&["--partition", "orders-0", "--offset", "99999"]), "no leader ever appended");
    refused(&place.explain(&["--partition", "orders-0"]), "--offset");
    refused(&place.explain(&["--record", "third"]), "0/12");
}

#[test]
fn what_is_no_run_is_said_to_be_none() {
    let place = Place::new("damaged", "crash/leader-killed.toml");
    refused(&place.sim(&["explain", "reports/nowhere/1"]), "no run directory");
    refused(&place.sim(&["explain", "--record", "0/1"]), "a record is one of a run");
    refused(&place.sim(&["explain", "reports/latest", "kill"]), "explained by itself");
    refused(&place.sim(&["explain", "xyzzy"]), "give a run directory");
    let kept = fs::read_to_string(place.file("trace.jsonl")).unwrap();
    let lines = kept.lines().count();
    place.edit("trace.jsonl", |text| text.replacen("\"host_started\"", "\"host_yawned\"", 1));
    let (code, _, stderr) = place.explain(&[]);
    assert!(code == 0 && stderr.contains("does not know: host_yawned"), "{stderr}");
    place.edit("trace.jsonl", |text| text[..text.len() - 20].to_owned());
    refused(&place.explain(&[]), &format!("trace.jsonl: line {lines}: "));
    place.edit("trace.jsonl", |text| text[..=text[..text.len() - 1].rfind('\n').unwrap()].to_owned());
    refused(&place.explain(&[]), "the file ends here");
    place.edit("trace.jsonl", |text| format!("[1, 2]\n{text}"));
    refused(&place.explain(&[]), "trace.jsonl: line 1: ");
    fs::remove_file(place.file("trace.jsonl")).unwrap();
    refused(&place.explain(&[]), "cannot read");
    assert!(Path::new(&place.file("run.json")).exists());
}
