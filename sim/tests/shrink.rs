//! Shrinking as people use it: what it makes of a real run, what it refuses, and what it leaves behind when stopped.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sim::run::{Interrupt, run};
use sim::scenario::{Scenario, load, parse};
use sim::seed::Seed;
use sim::shrink::{Limits, Trials, shrink};

/// Both copies of what was not flushed are lost; the rest is noise.
const LOSING: &str = r#"
name  = "losing"
story = "Two of two brokers lose power at almost the same time, among other things."

[cluster]
brokers = 3
network.latency = "1ms..4ms"

[broker]
replica.lag.time.max.ms = 900

[[topic]]
name = "orders"
replication.factor  = 3
min.insync.replicas = 2

[[producer]]
topics  = ["orders"]
records = 60
rate    = "60/s"
linger.ms = 2

[[consumer]]
topics = ["orders"]

[[fault]]
kind   = "drop_connections"
target = "client(0)"
at     = "100ms"

[[fault]]
kind   = "delay"
target = "broker(2)"
extra  = "1ms..5ms"
at     = "123456us"
lasts  = "200ms"

[[fault]]
kind   = "clock_drift"
target = "broker(3)"
by     = "+5%"
at     = "200ms"

[[fault]]
name     = "first"
kind     = "power_loss"
target   = ["broker(1)", "broker(2)"]
at       = "733ms"
down_for = "217ms"

[[fault]]
kind     = "power_loss"
target   = "broker(3)"
when     = { event = "fault_started", fault = "first", delay = "11ms" }
down_for = "150ms"

[[fault]]
kind     = "slow_disk"
target   = "all_brokers"
latency  = "5ms..10ms"
at       = "300ms"
may_miss = true
lasts    = "100ms"

[phases]
faults   = "1200ms"
liveness = "10s"
"#;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("sim-shrink-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// Runs a scenario, and returns its run directory.
    fn run(&self, name: &str, text: &str) -> String {
        let file = self.file(&format!("{name}.toml"), text);
        let reports = self.path("reports");
        sim(&["run", &file, "--reports", &reports]);
        format!("{reports}/{name}/1")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command.args(arguments).env_remove("SIM_SEED").env_remove("SIM_JOBS").env("NO_COLOR", "1");
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command
}

fn sim(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

/// The scenario without noise, with a loss of power at each of these times, one broker after the other.
fn losses(times: [&str; 3]) -> String {
    let faults = LOSING.find("[[fault]]").unwrap()..LOSING.find("[phases]").unwrap();
    let fault = |(broker, at): (usize, &&str)| {
        format!(
            "[[fault]]\nkind = \"power_loss\"\ntarget = \"broker({broker})\"\nat = \"{at}\"\ndown_for = \"200ms\"\n"
        )
    };
    let one_by_one: String = (1..).zip(&times).map(fault).collect();
    let mut text = LOSING.to_owned();
    text.replace_range(faults, &one_by_one);
    text.replace("faults   = \"1200ms\"", "faults   = \"6s\"").replace("records = 60", "records = 300")
}

#[test]
fn a_report_says_how_many_brokers_faults_took_at_a_time() {
    let reached = |times| {
        let scenario = parse("losing.toml", &losses(times)).unwrap_or_else(|problems| panic!("{problems}"));
        let reached = run(&scenario, Seed(1), &Interrupt::new(false)).report.reached;
        (reached.brokers_down, reached.lossy_crashes)
    };
    assert_eq!(reached(["500ms", "2s", "4s"]), (1, 1), "each is whole again before the next");
    assert_eq!(reached(["500ms", "750ms", "1s"]), (1, 3), "each is back, but has not everything");
    assert_eq!(reached(["500ms", "600ms", "1s"]), (2, 3));
}

#[test]
fn a_name_that_was_taken_meanwhile_stays_taken_and_the_result_is_kept() {
    let place = Place::new("taken");
    let out = place.path("losing-1-lost-write.toml");
    let directory = place.run("losing", LOSING);
    let mut child = command(&["shrink", &directory, "--out", &out, "--max-runs", "60"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    progress.read_line(&mut said).unwrap();
    std::fs::write(&out, "somebody else's").unwrap();
    progress.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{said}");
    assert!(said.contains("somebody else has written it meanwhile; the result is in "), "{said}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "somebody else's");
    let kept = said.trim_end().rsplit(' ').next().unwrap();
    assert!(std::fs::read_to_string(kept).unwrap().contains("Shrunk by `cargo sim shrink`"), "{said}");
}

fn signature(scenario: &Scenario) -> Option<String> {
    run(scenario, Seed(1), &Interrupt::new(false)).report.signature
}

#[test]
fn what_is_left_is_what_is_needed_whatever_the_number_of_jobs() {
    let place = Place::new("needed");
    let out = place.path("small.toml");
    let directory = place.run("losing", LOSING);
    let arguments = ["shrink", &directory, "--out", &out, "--jobs", "3", "--format", "json"];
    let (code, stdout, stderr) = sim(&arguments);
    assert_eq!(code, 0, "{stderr}");
    let said: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((said["minimal"].as_bool(), said["ending"].as_str()), (Some(true), Some("minimal")));
    let text = std::fs::read_to_string(&out).unwrap();
    let small = load(Path::new(&out)).unwrap_or_else(|problems| panic!("{problems}\n{text}"));

    // All copies lose power, nothing else.
    assert_eq!(small.plan.faults.len(), 1, "{text}");
    assert!(text.contains("power_loss") && text.contains("all_brokers"), "{text}");
    assert!(text.contains("min.insync.replicas = 2"), "a promise is gone: {text}");
    for noise in ["latency", "lag.time", "linger", "consumer", "us\"", "may_miss", "stream"] {
        assert!(!text.contains(noise), "{noise}: {text}");
    }
    assert!(20 <= small.story.split_whitespace().count() && text.contains("# It hit broker-1"), "{text}");
    assert_eq!(small.seed, Some(Seed(1)));

    // The signature is that of the run, and no fault can be left out.
    let whole = parse("losing.toml", LOSING).unwrap();
    let wanted = signature(&whole);
    assert!(wanted.as_deref().is_some_and(|line| line.starts_with("lost-write")), "{wanted:?}");
    assert_eq!(signature(&small), wanted);
    for index in 0..small.plan.faults.len() {
        let mut without = small.clone();
        without.plan.faults.remove(index);
        assert_ne!(signature(&without), wanted, "{index} is not needed");
    }
    let table = said["necessity"].as_array().unwrap();
    assert!(table.iter().any(|row| row["fault"] == 0 && row["needed"] == true), "{said}");

    // One job makes the same of it.
    let script = load(&Path::new(&directory).join("scenario.resolved.toml")).unwrap();
    let limits = Limits { jobs: 1, runs_max: None, budget: None };
    let stop = Interrupt::new(false);
    let (mut trials, mut subject) = Trials::begin(script, limits, &stop).unwrap();
    shrink(&mut subject, &mut trials, &mut |_| {}).unwrap();
    assert_eq!(subject.scenario.plan.faults.len(), 1);
    assert_eq!(said["runs"], trials.runs);
    let mut same = small.clone();
    same.name.clone_from(&subject.scenario.name);
    same.story.clone_from(&subject.scenario.story);
    assert_eq!(same.to_toml(), subject.scenario.to_toml());

    // It is sound, and fails until somebody mends what was expected to pass.
    assert_eq!(sim(&["check", &out]).0, 0);
    assert_eq!(sim(&["run", &out, "--reports", &place.path("reports")]).0, 1);
}

#[test]
fn what_was_allowed_is_kept_as_what_happens_and_limits_say_that_they_ended_it() {
    let place = Place::new("allowed");
    let out = place.path("allowed-1-lost-write.toml");
    let expect = "[expect]\nmay_violate = [\"lost-write\", \"inconsistent-offsets\"]\n";
    let directory = place.run("losing", &format!("{LOSING}{expect}"));
    let (code, stdout, stderr) = sim(&["shrink", &directory, "--out", &out, "--max-runs", "6"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("not minimal: stopped early (max-runs); 6 runs"), "{stdout}");
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("perhaps more can be left out"), "{text}");
    assert!(text.contains("violation = [\"lost-write\""), "{text}");
    assert_eq!(sim(&["run", &out, "--reports", &place.path("reports")]).0, 0);
    // What is there stays, unless somebody insists.
    let (code, stdout, stderr) = sim(&["shrink", &directory, "--out", &out]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("is there already") && stderr.contains("--force"), "{stderr}");
    let arguments = ["shrink", &directory, "--out", &out, "--force", "--budget", "1us"];
    let (code, stdout, stderr) = sim(&arguments);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("stopped early (budget); 1 runs"), "{stdout}");
}

#[test]
fn what_cannot_be_shrunk_ends_with_2_and_says_why() {
    let place = Place::new("misuse");
    let out = place.path("out.toml");
    let passing = place.run(
        "passing",
        &LOSING.replace("losing", "passing").replace("power_loss", "pause").replace("down_for", "lasts"),
    );
    let losing = place.run("losing", LOSING);
    let damaged = place.path("damaged");
    std::fs::create_dir(&damaged).unwrap();
    place.file("damaged/run.json", "{\"version\": 1, \"scen");
    // Runs that came to something else.
    let as_if = |name: &str, signature: &str| {
        let directory = place.run(name, &LOSING.replace("name  = \"losing\"", &format!("name = \"{name}\"")));
        let record = std::fs::read_to_string(format!("{directory}/run.json")).unwrap();
        let mut record: serde_json::Value = serde_json::from_str(&record).unwrap();
        record["signature"] = signature.into();
        place.file(&format!("reports/{name}/1/run.json"), &record.to_string());
        directory
    };
    let other = as_if("other", "duplicate: sent twice");
    let (hanging, differing) = (as_if("hanging", "timeout"), as_if("differing", "nondeterminism"));
    let never = "\nwhen = { event = \"record_appended\", nth = 100000 }";
    let vacuous = place.run(
        "vacuous",
        &LOSING
            .replace("losing", "vacuous")
            .replace("target = \"client(0)\"\nat     = \"100ms\"", &format!("target = \"client(0)\"{never}"))
            .replace("power_loss", "pause")
            .replace("down_for", "lasts"),
    );
    let expecting = "[expect]\nviolation = \"lost-write\"\n";
    let passing_after_all = place.file(
        "mended.toml",
        &format!(
            "{}{expecting}",
            LOSING.replace("losing", "mended").replace("power_loss", "pause").replace("down_for", "lasts")
        ),
    );
    let unwritable = place.path("no/such/place.toml");
    for (arguments, said) in [
        (vec!["shrink", &passing, "--out", &out], "nothing to shrink: the run in"),
        (vec!["shrink", &place.path("passing.toml"), "--out", &out], "with seed 1 comes to `pass`"),
        (vec!["shrink", &hanging], "how long a run takes depends on the machine\nhelp: "),
        (vec!["shrink", &differing], "--check-determinism"),
        (vec!["shrink", &vacuous], "it shows nothing, and a smaller run shows no more\nhelp: "),
        (
            vec!["shrink", &passing_after_all],
            "`pass where lost-write was expected`: what should fail does not",
        ),
        (vec!["shrink", &place.path("nowhere")], "is no run directory"),
        (vec!["shrink", &damaged], "is damaged"),
        (vec!["shrink", &other, "--out", &out], "this build runs it to lost-write"),
        (vec!["shrink", &losing, "--out", &unwritable], "there is no such directory"),
        (vec!["shrink", &losing, "--out", &place.path("small.txt")], "must end in `.toml`"),
        (vec!["shrink", &losing, "--out", &place.path("leader-killed.toml")], "has this name"),
        (vec!["shrink", &losing, "--seed", "2"], "is a run of seed 1"),
        (vec!["shrink", &losing, "--budget", "soon"], "is not a duration"),
    ] {
        let (code, stdout, stderr) = sim(&arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
    assert!(!Path::new(&out).exists(), "something was written");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_with_130_and_writes_what_there_is() {
    let place = Place::new("interrupt");
    let out = place.path("losing-1-lost-write.toml");
    let directory = place.run("losing", LOSING);
    let mut child = command(&["shrink", &directory, "--out", &out, "--jobs", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A pass has accepted something.
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    progress.read_line(&mut line).unwrap();
    assert!(line.contains("accepted"), "{line}");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    progress.read_to_string(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{line}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("not minimal: stopped early (interrupted)"), "{stdout}");
    let small = load(Path::new(&out)).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(small.plan.faults.len() <= 6);
    assert!(std::fs::read_to_string(&out).unwrap().contains("stopped early"));
}
