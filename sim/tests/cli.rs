//! The command line as a new user meets it: what it says, and with which exit code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("sim-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command.args(arguments).env_remove("SIM_SEED").env("NO_COLOR", "1");
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command
}

fn sim(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

/// A scenario of its own, from the shipped one with some text replaced.
fn altered(place: &Place, changes: &[(&str, &str)]) -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/crash/leader-killed.toml");
    let mut text = std::fs::read_to_string(shipped).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    place.file("altered.toml", &text).display().to_string()
}

#[test]
fn wrong_usage_and_wrong_scenarios_end_with_2_before_anything_runs() {
    let place = Place::new("usage");
    let reports = place.0.join("reports").display().to_string();
    for (arguments, said) in [
        (vec!["run", "scenarios/no-such.toml"], "there is no such file"),
        (vec!["run", "scenarios/crash/leader-killed.toml", "--seed", "blue"], "neither decimal"),
        (vec!["run"], "SCENARIO"),
        (vec!["fly"], "unrecognized subcommand"),
    ] {
        let (code, stdout, stderr) = sim(&[&arguments[..], &["--reports", &reports][..0]].concat());
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert_eq!(stdout, "", "{arguments:?}");
    }
    let wrong = altered(&place, &[("target", "targt"), ("2s", "2 parsecs")]);
    let (code, stdout, stderr) = sim(&["run", &wrong, "--reports", &reports]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("did you mean `target`") && stderr.contains("parsecs"), "{stderr}");
    assert!(!Path::new(&reports).exists(), "something was written");
    let (code, _, stderr) = sim(&["check", &wrong]);
    assert_eq!(code, 2, "{stderr}");
}

#[test]
fn two_scenarios_of_one_name_are_refused_before_their_reports_replace_each_other() {
    let place = Place::new("twice");
    let reports = place.0.join("reports").display().to_string();
    let one = altered(&place, &[]);
    let other = place.file("other.toml", &std::fs::read_to_string(&one).unwrap()).display().to_string();
    for arguments in [vec!["run", &one, &other, "--reports", &reports], vec!["check", &one, &other]] {
        let (code, stdout, stderr) = sim(&arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        for said in [one.as_str(), other.as_str(), "is named `leader-killed` too", "nothing was run"] {
            assert!(stderr.contains(said), "{said}: {stderr}");
        }
    }
    assert!(!Path::new(&reports).exists(), "something was written");
    // One file in two words is one scenario.
    let around = place.0.join(".").join("altered.toml").display().to_string();
    assert_eq!(sim(&["check", &one, &around]).0, 0);
}

#[test]
fn the_list_has_a_heading_for_each_folder() {
    let (code, stdout, _) = sim(&["list"]);
    assert_eq!(code, 0);
    let lines: Vec<&str> = stdout.lines().collect();
    let heading = lines.iter().position(|line| *line == "scenarios/rolling/").expect("a heading");
    assert!(lines[heading + 1..].iter().any(|line| line.starts_with("  rolling-restarts.toml ")), "{stdout}");
    let headings: Vec<&&str> = lines.iter().filter(|line| !line.starts_with(' ')).collect();
    assert!(headings.is_sorted() && headings.len() < lines.len(), "{stdout}");
}

#[test]
fn nothing_selected_is_vacuous() {
    let place = Place::new("empty");
    let path = place.0.display().to_string();
    for command in ["run", "check", "list"] {
        let (code, _, stderr) = sim(&[command, &path]);
        assert_eq!(code, 4, "{command}: {stderr}");
        assert!(stderr.contains("no scenario in"), "{command}: {stderr}");
    }
}

#[test]
fn a_fault_that_hits_nothing_is_vacuous_and_names_its_line() {
    let place = Place::new("vacuous");
    let reports = place.0.join("reports").display().to_string();
    // The second fault kills whoever leads when all are dead.
    let kill = "[[fault]]\nkind = \"kill\"\ntarget = \"leader(orders-0)\"\nat = \"1100ms\"\n\n[phases]";
    let path = altered(&place, &[("\"leader(orders-0)\"", "\"all_brokers\""), ("[phases]", kill)]);
    let (code, stdout, _) = sim(&["run", &path, "--reports", &reports]);
    assert_eq!(code, 4, "{stdout}");
    let said = format!("vacuous: {path}:29: fault kill leader(orders-0) meant no host when it began");
    assert!(stdout.contains(&said), "{stdout}");
}

#[test]
fn an_unexpected_violation_ends_with_1_and_a_way_to_see_it_again() {
    let place = Place::new("violation");
    let reports = place.0.join("reports").display().to_string();
    let shipped =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/disk/single-replica-power-loss.toml");
    let text = std::fs::read_to_string(shipped).unwrap();
    let expect = text.find("[expect]").unwrap();
    let path = place.file("surprise.toml", &text[..expect]).display().to_string();
    let (code, stdout, _) = sim(&["run", &path, "--seed", "5", "--reports", &reports]);
    assert_eq!(code, 1, "{stdout}");
    for part in
        ["lost-write: ", "how it happened:", "cargo sim replay ", "cargo sim shrink ", "report ", "trace "]
    {
        assert!(stdout.contains(part), "{part}: {stdout}");
    }
}

#[test]
fn an_expected_violation_that_does_not_happen_ends_with_1() {
    let place = Place::new("expected");
    let reports = place.0.join("reports").display().to_string();
    let path = altered(&place, &[("verdict = \"pass\"", "violation = \"lost-write\"")]);
    let (code, stdout, _) = sim(&["run", &path, "--reports", &reports]);
    assert_eq!(code, 1, "{stdout}");
    assert!(stdout.contains("not as expected"), "{stdout}");
}

#[test]
fn a_place_where_no_report_can_be_written_is_refused_before_anything_runs() {
    let place = Place::new("unwritable");
    let file = place.file("reports", "not a directory").display().to_string();
    let (code, stdout, stderr) = sim(&["run", "scenarios/crash/leader-killed.toml", "--reports", &file]);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains("reports cannot be written") && stderr.contains(&file), "{stderr}");
}

#[test]
fn the_worst_of_several_scenarios_decides_the_exit_code() {
    let place = Place::new("worst");
    let reports = place.0.join("reports").display().to_string();
    let shipped =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/disk/single-replica-power-loss.toml");
    let text = std::fs::read_to_string(shipped).unwrap();
    let (unexpected, _) = text.split_once("[expect]").unwrap();
    let violation = place.file("violation.toml", unexpected).display().to_string();
    // Nobody talks between these two: exit code 4 by itself, a larger number than a violation's.
    let cut =
        "[[fault]]\nkind = \"partition\"\nbetween = [\"controller\", \"client(0)\"]\nat = \"1s\"\n\n[phases]";
    let vacuous = altered(&place, &[("[phases]", cut)]);
    assert_eq!(sim(&["run", &vacuous, "--reports", &reports]).0, 4);
    let (code, stdout, _) = sim(&["run", &vacuous, &violation, "--reports", &reports]);
    assert_eq!(code, 1, "{stdout}");
    assert!(stdout.contains("2 planned, 2 run, 2 not as expected, 0 not reached"), "{stdout}");
}

#[test]
fn more_sends_in_doubt_than_allowed_is_no_pass() {
    let place = Place::new("doubt");
    let reports = place.0.join("reports").display().to_string();
    // Cut off for longer than a producer may wait for its deliveries.
    let fault = ("kind     = \"kill\"", "kind     = \"isolate\"");
    let whom = ("\"leader(orders-0)\"", "\"client(0)\"");
    let patience = (
        "topics  = [\"orders\"]\n",
        "topics  = [\"orders\"]\ndelivery.timeout.ms = 600\nrequest.timeout.ms = 300\n",
    );
    let path = altered(&place, &[fault, whom, ("down_for", "lasts   "), patience]);
    let (code, stdout, stderr) = sim(&["run", &path, "--reports", &reports]);
    assert_eq!(code, 3, "{stdout}{stderr}");
    assert!(
        stdout.contains("sends ended without anybody knowing") && stdout.contains("at most 0"),
        "{stdout}"
    );
}

#[test]
fn whoever_reads_only_the_first_line_breaks_nothing() {
    let mut child = command(&["list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn json_is_one_object_a_line() {
    let place = Place::new("json");
    let reports = place.0.join("reports").display().to_string();
    let arguments = ["run", "scenarios/crash/leader-killed.toml", "--format", "json", "--reports", &reports];
    let (code, stdout, _) = sim(&arguments);
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, report["verdict"].as_str()), (0, Some("pass")));
    let (code, stdout, _) = sim(&["list", "--format", "json"]);
    assert_eq!(code, 0);
    assert!(stdout.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{stdout}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_with_130_and_writes_what_there_is() {
    let place = Place::new("interrupt");
    let reports = place.0.join("reports");
    // An hour of simulated time: more than anybody waits for.
    let path = altered(&place, &[("faults   = \"6s\"", "faults   = \"1h\"")]);
    let arguments = ["run", &path, "--reports", &reports.display().to_string()];
    let child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id().to_string();
    while !catches_sigint(&pid) {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let run = std::fs::read_to_string(reports.join("leader-killed/1/run.json")).unwrap();
    assert!(run.contains("\"verdict\": \"interrupted\""), "{run}");
}

#[cfg(target_os = "linux")]
fn catches_sigint(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap_or(0) & 0b10 != 0
}

#[test]
fn what_a_scenario_may_violate_is_that_and_nothing_else() {
    let place = Place::new("may-violate");
    let reports = place.0.join("reports").display().to_string();
    let shipped =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/disk/single-replica-power-loss.toml");
    let text = std::fs::read_to_string(shipped).unwrap();
    let expect = text.find("[expect]").unwrap();
    for (may, code) in [("[\"lost-write\", \"inconsistent-offsets\"]", 0), ("\"duplicate\"", 1)] {
        let text = format!("{}[expect]\nmay_violate = {may}\n", &text[..expect]);
        let path = place.file("may.toml", &text).display().to_string();
        assert_eq!(sim(&["run", &path, "--reports", &reports]).0, code, "{may}");
    }
}
