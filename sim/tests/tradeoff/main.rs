//! What a shorter flush interval buys and costs, as a user measures it: exit codes, files, and the physics.

mod xml;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sim::tradeoff::csv::COLUMNS;

/// A folder of its own, with a scenario and what is measured.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("sim-tradeoff-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    /// The shipped scenario, shorter, with some text replaced.
    fn scenario(&self, changes: &[(&str, &str)]) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/disk/flush-tradeoff.toml");
        let mut text = fs::read_to_string(path).unwrap();
        // The power goes after the flush scheduler has begun: log.initial.task.delay.ms, compressed 1.5 seconds.
        let shorter = [("records = 1000", "records = 400"), ("\"5s\"", "\"2s\""), ("\"10s\"", "\"5s\"")];
        for (from, to) in shorter.iter().chain(changes) {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let file = self.0.join("scenario.toml");
        fs::write(&file, text).unwrap();
        file.display().to_string()
    }

    fn out(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn file(&self, out: &str, name: &str) -> String {
        fs::read_to_string(self.0.join(out).join(name)).unwrap()
    }

    fn json(&self, out: &str) -> Value {
        serde_json::from_str(&self.file(out, "tradeoff.json")).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command.arg("tradeoff").args(arguments).env("NO_COLOR", "1");
    command.env_remove("SIM_SEEDS").env_remove("SIM_JOBS");
    command
}

fn tradeoff(arguments: &[&str]) -> (i32, String, String) {
    let output = command(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

const FILES: [&str; 3] = ["tradeoff.json", "tradeoff.csv", "tradeoff.svg"];

#[test]
fn who_flushes_each_append_loses_nothing_and_who_never_does_loses_what_everybody_lost() {
    let place = Place::new("physics");
    let (scenario, one, two) = (place.scenario(&[]), place.out("one"), place.out("two"));
    let measure = |jobs: &str, out: &str| {
        tradeoff(&[&scenario, "--flush", "1,100ms,never", "--seeds", "2", "--jobs", jobs, "--out", out])
    };
    let (code, stdout, stderr) = measure("1", &one);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.contains("18 of 18 runs") && stdout.contains("2/2"), "{stdout}");
    let json = place.json("one");
    let row = |index: usize| &json["rows"][index];
    let lost = |index: usize, blow: &str| row(index)[blow]["lost"]["sum"].as_u64().unwrap();
    for index in 0..3 {
        assert_eq!(lost(index, "one_broker"), 0, "replication is there for that: {json}");
        assert_eq!(row(index)["cost"]["anomalies"], serde_json::json!({}), "{json}");
        assert_eq!(row(index)["cost"]["ack_us"]["count"], row(index)["cost"]["acknowledged"]);
        assert_eq!(row(index)["all_brokers"]["runs"]["judged"], 2, "{json}");
    }
    assert_eq!((lost(0, "all_brokers"), row(0)["all_brokers"]["runs_with_loss"].as_u64()), (0, Some(0)));
    assert!(0 < lost(1, "all_brokers") && lost(1, "all_brokers") < lost(2, "all_brokers"), "{json}");
    let died = |index: usize, blow: &str| row(index)[blow]["died"]["mean"].as_f64().unwrap();
    assert!(
        died(2, "one_broker") < died(2, "all_brokers") && died(0, "all_brokers") < died(2, "all_brokers")
    );
    let cost = |index: usize, number: &str| row(index)["cost"][number].as_f64().unwrap();
    assert!(cost(2, "flushes_per_s") < cost(1, "flushes_per_s"), "{json}");
    assert!(cost(1, "flushes_per_s") < cost(0, "flushes_per_s"), "{json}");
    let latency = |index: usize| row(index)["cost"]["ack_us"]["p50"].as_u64().unwrap();
    assert!(latency(2) < latency(0), "who waits for a disk waits longer: {json}");
    // Everything else is the same, byte for byte, however many run at a time.
    let (code, again, _) = measure("2", &two);
    assert_eq!((code, again.replace(&two, &one)), (0, stdout));
    for file in FILES {
        assert_eq!(place.file("one", file), place.file("two", file), "{file}");
    }
    csv_reads_back(&place.file("one", "tradeoff.csv"), &json);
    the_picture_is_sound(&place.file("one", "tradeoff.svg"), &["1", "100ms", "never"]);
    let left: Vec<_> = fs::read_dir(&one).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), FILES.len(), "{left:?}");
}

fn csv_reads_back(text: &str, json: &Value) {
    let mut lines = text.strip_suffix("\r\n").unwrap().split("\r\n");
    assert_eq!(lines.next().unwrap().split(',').collect::<Vec<_>>(), COLUMNS);
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), json["rows"].as_array().unwrap().len());
    let column = |name: &str| COLUMNS.iter().position(|column| *column == name).unwrap();
    for (fields, row) in rows.iter().zip(json["rows"].as_array().unwrap()) {
        assert_eq!(fields.len(), COLUMNS.len());
        assert!(fields.iter().all(|field| !field.contains(['"', '\n'])), "{fields:?}");
        assert_eq!(fields[column("flush")], row["flush"]);
        let number = |name: &str| fields[column(name)].parse::<f64>().unwrap();
        assert_eq!(number("ack_p99_us"), row["cost"]["ack_us"]["p99"].as_f64().unwrap());
        assert_eq!(number("acks_per_s"), row["cost"]["acks_per_s"].as_f64().unwrap());
        assert_eq!(number("one_died_mean"), row["one_broker"]["died"]["mean"].as_f64().unwrap());
        assert_eq!(number("all_lost_max"), row["all_brokers"]["lost"]["max"].as_f64().unwrap());
    }
}

fn the_picture_is_sound(svg: &str, settings: &[&str]) {
    let texts = xml::texts(svg);
    for setting in settings {
        // Below both panels; a value may read the same.
        let times = texts.iter().filter(|text| text.content == *setting && text.bottom < 640.0).count();
        assert!(2 <= times, "{setting}: {times}");
    }
    let size = |name| xml::attribute(svg, name).unwrap().parse::<f64>().unwrap();
    let (width, height) = (size("width"), size("height"));
    for (index, text) in texts.iter().enumerate() {
        assert!(
            0.0 <= text.left && text.right <= width && 0.0 <= text.top && text.bottom <= height,
            "{text:?}"
        );
        for other in &texts[..index] {
            assert!(!text.overlaps(other), "{text:?} {other:?}");
        }
    }
    assert_eq!(texts.iter().filter(|text| text.turned).count(), 3, "each axis says what it measures");
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_runs() {
    let place = Place::new("refused");
    let (scenario, out) = (place.scenario(&[]), place.out("out"));
    for (arguments, said) in [
        (vec!["no-such.toml", "--out", &out], "there is no such file"),
        (vec![&scenario, "--flush", "0,often", "--out", &out], "`0`: no append"),
        (vec![&scenario, "--flush", "0,often", "--out", &out], "`often` is no flush setting"),
        (vec![&scenario, "--flush", "10ms,10ms", "--out", &out], "the same as another one"),
        (vec![&scenario, "--seeds", "0", "--out", &out], "holds no seed"),
        (vec![&scenario, "--out", &scenario], "cannot be written to"),
    ] {
        let (code, stdout, stderr) = tradeoff(&arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/disk");
    let (code, _, stderr) = tradeoff(&[scenarios, "--out", &out]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("one is measured at a time"), "{stderr}");
    assert!(!Path::new(&out).exists(), "nothing was written");
}

#[test]
fn what_shows_nothing_or_cannot_be_judged_is_named_and_in_no_number() {
    let place = Place::new("left-out");
    let out = place.out("out");
    // Nobody answers before the phase is over, or ever.
    let slow = place.scenario(&[("\"1ms..5ms\"", "\"1h\""), ("\"20s\"", "\"1s\"")]);
    let (code, stdout, stderr) = tradeoff(&[&slow, "--flush", "1", "--seeds", "1", "--out", &out]);
    assert_eq!(code, 3, "{stdout}{stderr}");
    assert!(stdout.contains("0/1 (1 unjudged)"), "{stdout}");
    assert!(stdout.contains("left out: 1, quiet, seed 1: unknown (liveness: "), "{stdout}");
    let json = place.json("out");
    assert_eq!(json["left_out"].as_array().map(Vec::len), Some(3), "{json}");
    assert_eq!(json["rows"][0]["cost"]["acks_per_s"], Value::Null);
    assert!(place.file("out", "tradeoff.svg").contains("3 runs could not be judged"));
    // Each of them can be looked at by itself.
    let kept = place.0.join("out/left-out/flush-tradeoff.1.one-broker.1.toml");
    let scenario = sim::scenario::load(&kept).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(scenario.plan.faults.len(), 1);

    let hasty = "enable.idempotence = true\nrequest.timeout.ms = 1\ndelivery.timeout.ms = 2";
    let mute = place.scenario(&[("enable.idempotence = true", hasty)]);
    let (code, stdout, stderr) = tradeoff(&[&mute, "--flush", "never", "--seeds", "1", "--out", &out]);
    assert_eq!(code, 4, "{stdout}{stderr}");
    assert!(stdout.contains("(1 vacuous)") && stdout.contains("nothing was acknowledged"), "{stdout}");
}

#[test]
fn a_power_loss_before_the_scheduler_has_begun_says_nothing_about_intervals_and_that_is_said() {
    let place = Place::new("early");
    let out = place.out("out");
    let brief = place.scenario(&[("records = 400", "records = 200")]);
    let measure = |flush: &str| tradeoff(&[&brief, "--flush", flush, "--seeds", "1", "--out", &out]);
    let (code, _, stderr) = measure("1,100ms");
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("log.initial.task.delay.ms = 1500"), "{stderr}");
    assert_eq!(measure("1,never").2, "");
}

#[test]
fn a_signal_ends_it_and_what_there_is_says_that_it_is_a_part() {
    let place = Place::new("signal");
    let (scenario, out) = (place.scenario(&[("faults   = \"5s\"", "faults   = \"20h\"")]), place.out("out"));
    let mut child = command(&[&scenario, "--flush", "1,never", "--seeds", "2", "--jobs", "1", "--out", &out]);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !Path::new(&out).exists() {
        std::thread::yield_now();
    }
    // The handler is installed after the folder is there.
    #[expect(clippy::disallowed_methods, reason = "another process has to come so far")]
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stdout}");
    assert!(stdout.contains("0 of 12 runs: PARTIAL"), "{stdout}");
    let json = place.json("out");
    assert_eq!((&json["partial"], &json["runs_ended"]), (&Value::from(true), &Value::from(0)));
    assert!(place.file("out", "tradeoff.svg").contains("PARTIAL, 0 of 12 runs"));
    assert!(place.file("out", "tradeoff.csv").contains("\r\nnever,true,0,0,0,,"));
    xml::texts(&place.file("out", "tradeoff.svg"));
}
