//! `cargo sim replay` as a user meets it: the record is compared, what changed is said, what happened is shown.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use sim::report::RunReport;

/// A scenario of its own, run once, with its report.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("sim-replay-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/crash/leader-killed.toml");
        fs::copy(shipped, path.join("leader-killed.toml")).unwrap();
        let place = Place(path);
        let (code, stdout, stderr) =
            place.sim(&["run", &place.scenario(), "--reports", &place.path("reports")]);
        assert_eq!(code, 0, "{stdout}{stderr}");
        place
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn scenario(&self) -> String {
        self.path("leader-killed.toml")
    }

    fn record(&self) -> String {
        self.path("reports/leader-killed/1")
    }

    fn sim(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
        command.args(arguments).env_remove("SIM_SEED").env("NO_COLOR", "1").current_dir(&self.0);
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().expect("an exit code"), text(stdout), text(stderr))
    }

    /// Replays the record.
    fn replay(&self, arguments: &[&str]) -> (i32, String, String) {
        self.sim(&[&["replay", &self.record()], arguments].concat())
    }

    /// Changes `run.json` of the record.
    fn edit(&self, change: impl FnOnce(&mut Value)) {
        let file = Path::new(&self.record()).join("run.json");
        let mut run = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        change(&mut run);
        fs::write(file, run.to_string()).unwrap();
    }

    /// Changes one line of `trace.jsonl` of the record.
    fn edit_trace(&self, number: usize) {
        let file = Path::new(&self.record()).join("trace.jsonl");
        let text = fs::read_to_string(&file).unwrap();
        let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
        lines[number] = lines[number].replace("\"host\":\"", "\"host\":\"another-");
        fs::write(file, lines.join("\n") + "\n").unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

#[test]
fn a_fresh_run_replays_and_its_record_is_left_alone() {
    let place = Place::new("fresh");
    let before = fs::read_to_string(place.path("reports/latest/run.json")).unwrap();
    for path in [place.record(), place.path("reports/latest"), place.path("reports/latest/run.json")] {
        let (code, stdout, stderr) = place.sim(&["replay", &path]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
        has(&stdout, &["as recorded (", "\npass leader-killed seed 1:"]);
        assert!(!stdout.contains("changed   ") && !stdout.contains("text   "), "{stdout}");
    }
    assert_eq!(before, fs::read_to_string(place.path("reports/latest/run.json")).unwrap());
    let (code, stdout, stderr) = place.replay(&["--reports", &place.path("reports")]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    has(&stderr, &["would replace the recorded run"]);
    assert_eq!(place.replay(&["--reports", &place.path("other")]).0, 0);
    assert!(Path::new(&place.path("other/leader-killed/1/run.json")).exists());
}

#[test]
fn a_scenario_that_changed_or_went_is_replayed_from_the_resolved_text() {
    let place = Place::new("changed");
    let text = fs::read_to_string(place.scenario()).unwrap();
    fs::write(place.scenario(), text.replace("200/s", "190/s")).unwrap();
    let resolved = "leader-killed/1/scenario.resolved.toml";
    for why in ["has changed (recorded ", "is gone: runs "] {
        let (code, stdout, stderr) = place.replay(&[]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
        has(&stdout, &[why, resolved, "as recorded ("]);
        drop(fs::remove_file(place.scenario()));
    }
    let (_, stdout, _) = place.replay(&[]);
    has(&stdout, &["changed   scenario: recorded ", "now gone"]);
}

#[test]
fn the_same_build_that_gives_something_else_is_nondeterminism() {
    let place = Place::new("nondeterminism");
    place.edit(|run| run["digest"] = "00000000000000aa".into());
    let (code, stdout, _) = place.replay(&[]);
    assert_eq!(code, 70, "{stdout}");
    has(
        &stdout,
        &["harness-bug leader-killed", "recorded 00000000000000aa, now", "every event is as in trace.jsonl"],
    );
    place.edit_trace(120);
    let (code, stdout, _) = place.replay(&[]);
    assert_eq!(code, 70, "{stdout}");
    has(
        &stdout,
        &["the traces part at entry 120", "  both ", "  then    {\"n\":120,", "another-", "  now  "],
    );
    // Up to before that all is well; and after it, it is not.
    let (code, stdout, _) = place.replay(&["--until", "20ms", "--event", "host_started"]);
    assert_eq!(code, 0, "{stdout}");
    has(&stdout, &["events, all as recorded"]);
    assert_eq!(place.replay(&["--until", "1s", "--event", "host_started"]).0, 70);
    let (code, stdout, stderr) = place.replay(&["--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["verdict"], "harness-bug");
    assert_eq!(code, 70);
    has(&stderr, &["digest    recorded"]);
}

#[test]
fn another_build_may_differ_and_says_how_to_get_back() {
    let place = Place::new("build");
    place.edit(|run| {
        run["env"]["build_hash"] = "0123".into();
        run["env"]["git_commit"] = "badc0de".into();
        run["env"]["lock_hash"] = "4567".into();
    });
    let (code, stdout, _) = place.replay(&[]);
    assert_eq!(code, 0, "{stdout}");
    has(&stdout, &["as recorded (", "commit: recorded badc0de, now", "build: recorded 0123, now"]);
    place.edit(|run| run["digest"] = "00000000000000aa".into());
    place.edit_trace(7);
    let (code, stdout, _) = place.replay(&[]);
    assert_eq!(code, 0, "{stdout}");
    let said =
        ["another build may play a seed differently", "git checkout badc0de", "lock file: recorded 4567"];
    has(&stdout, &said);
    has(&stdout, &["the traces part at entry 7", "pass leader-killed"]);
    fs::remove_file(Path::new(&place.record()).join("trace.jsonl")).unwrap();
    let (code, stdout, _) = place.replay(&[]);
    assert_eq!(code, 0, "{stdout}");
    has(&stdout, &["where they part is not known", "trace.jsonl"]);
}

#[test]
fn the_same_events_that_are_judged_otherwise_are_said_and_the_same_build_may_not() {
    let place = Place::new("judged");
    place.edit(|run| {
        run["verdict"] = "violation".into();
        run["as_expected"] = false.into();
        run["signature"] = "lost-write".into();
    });
    let said = "judgement of the same events: recorded violation (lost-write), now pass";
    let (code, stdout, _) = place.replay(&[]);
    assert_eq!(code, 70, "{stdout}");
    has(&stdout, &[said]);
    place.edit(|run| run["env"]["build_hash"] = "of another build".into());
    place.edit_trace(40);
    let (code, stdout, _) = place.replay(&[]);
    assert_eq!(code, 0, "{stdout}");
    has(&stdout, &["damaged   trace.jsonl: not what this digest stands for, from entry 40 on"]);
    has(&stdout, &["as recorded (", &format!("changed   {said}")]);
}

#[test]
fn until_stops_and_says_where_each_host_stands() {
    let place = Place::new("until");
    let (code, stdout, _) = place.replay(&["--until", "1.5s", "--from", "1.49s", "--host", "controller"]);
    assert_eq!(code, 0, "{stdout}");
    has(&stdout, &["all as recorded", "stopped at 1.500s", "orders-0 ", "high watermark "]);
    let up = |line: &str| line.contains("controller") && line.ends_with("  up");
    assert!(stdout.lines().any(up), "{stdout}");
    let events: Vec<&str> = stdout.lines().take_while(|line| !line.starts_with("replay of")).collect();
    assert!(!events.is_empty(), "{stdout}");
    assert!(events.iter().all(|line| line.contains("controller") && line.starts_with("  1.")), "{stdout}");
    let (code, stdout, _) = place.replay(&["--until", "1h", "--event", "phase_started"]);
    assert_eq!(code, 2, "hours are no unit of a run: {stdout}");
    let (code, stdout, _) = place.replay(&["--until", "60m", "--event", "phase_started"]);
    assert_eq!(code, 0, "{stdout}");
    has(&stdout, &["the run was over at ", "as recorded (", "pass leader-killed"]);
}

#[test]
fn events_are_chosen_by_host_event_and_topic_partition() {
    let place = Place::new("filters");
    let scenario = place.scenario();
    let arguments =
        ["replay", &scenario, "--seed", "3", "--event", "leader_started", "--partition", "orders-0"];
    let (code, stdout, _) = place.sim(&arguments);
    assert_eq!(code, 0, "{stdout}");
    let shown: Vec<&str> = stdout.lines().filter(|line| line.contains("leads orders-0")).collect();
    assert!(2 <= shown.len() && shown.iter().all(|line| line.contains("  L")), "{stdout}");
    assert!(!stdout.contains("orders-1") && stdout.contains("pass leader-killed seed 3"), "{stdout}");
    let (_, stdout, _) = place.sim(&[&arguments[..], &["--format", "json"]].concat());
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (report, events) = lines.split_last().unwrap();
    assert_eq!((report["seed"].as_u64(), events.len()), (Some(3), shown.len()));
    assert!(events.iter().all(|event| event["event"] == "leader_started"));
}

#[test]
fn misuse_ends_with_2_and_says_what_to_do() {
    let place = Place::new("misuse");
    let (record, scenario) = (place.record(), place.scenario());
    let no_run = place.path("reports");
    let cases: [(&[&str], &str); 9] = [
        (&[&no_run], "is no run directory"),
        (&["no-such.toml"], "there is no such file"),
        (&[&record, "--seed", "2"], "is a run of seed 1, not 2"),
        (&[&record, "--host", "broker-9"], "did you mean `broker-"),
        (&[&record, "--event", "leader_start"], "did you mean `leader_started`"),
        (&[&scenario, "--partition", "order-0"], "did you mean `orders-0`"),
        (&[&scenario, "--partition", "orders"], "no topic partition called `orders`"),
        (&[&record, "--until", "soon"], "no simulated time"),
        (&[&record, "--from", "2s", "--until", "1s"], "is before --from"),
    ];
    for (arguments, said) in cases {
        let (code, stdout, stderr) = place.sim(&[&["replay"], arguments].concat());
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        has(&stderr, &[said]);
    }
    let file = Path::new(&record).join("run.json");
    let text = fs::read_to_string(&file).unwrap();
    let own = format!("\"version\": {},", RunReport::VERSION);
    assert!(text.contains(&own));
    let foreign = text.replacen(&own, "\"version\": 99,", 1);
    for (text, said) in
        [(&text[..text.len() / 2], "is damaged"), ("no JSON", "is damaged"), (&foreign, "version 99")]
    {
        fs::write(&file, text).unwrap();
        let (code, stdout, stderr) = place.replay(&[]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        has(&stderr, &[said]);
    }
}
