//! Every kind of fault, once with an effect and once without: the first must show what it changed, the second must make
//! the run vacuous and name its line.

use std::collections::BTreeSet;

use sim::nemesis::{KINDS, Kind, Length};
use sim::report::FaultReport;
use sim::run::{Interrupt, RunOutput, run};
use sim::scenario::parse;
use sim::seed::Seed;
use sim::verdict::Verdict;

const CLUSTER: &str = r#"
name  = "kinds"
story = "One topic, three replicas, one producer, one consumer."

[broker]
log.flush.scheduler.interval.ms = 200
log.flush.interval.ms = 200

[[topic]]
name = "orders"
replication.factor  = 3
min.insync.replicas = 2

[[producer]]
topics  = ["orders"]
records = 300

[[consumer]]
topics = ["orders"]

[phases]
faults = "4s"
"#;

/// A fault of each kind, the number that says what it changed, and what is needed for one of the same kind to change
/// nothing: the faults before it, and itself.
struct Row {
    kind: &'static str,
    hits: &'static str,
    number: &'static str,
    before: &'static str,
    misses: &'static str,
}

/// Nobody runs, so nobody leads.
const NOBODY_LEADS: &str = r#"kind = "kill"
target = "all_brokers"
at = "1s"
down_for = "1s""#;

/// The consumer is dead, and nobody connects to a consumer.
const CONSUMER_DEAD: &str = r#"kind = "kill"
target = "client(1)"
at = "500ms""#;

const LEADER: &str = r#"target = "leader(orders-0)"
at = "1500ms""#;

const CONSUMER: &str = r#"target = "client(1)"
at = "1500ms""#;

const STRANGERS: &str = r#"between = ["controller", "client(0)"]
at = "1500ms""#;

const ROWS: &[Row] = &[
    Row {
        kind: "kill",
        hits: r#"target = "leader(orders-0)""#,
        number: "processes_killed",
        before: NOBODY_LEADS,
        misses: LEADER,
    },
    Row {
        kind: "power_loss",
        hits: r#"target = "leader(orders-0)""#,
        number: "records_lost",
        before: NOBODY_LEADS,
        misses: LEADER,
    },
    Row {
        kind: "restart",
        hits: r#"target = "leader(orders-0)""#,
        number: "processes_asked_to_stop",
        before: NOBODY_LEADS,
        misses: LEADER,
    },
    Row {
        kind: "pause",
        hits: "target = \"leader(orders-0)\"\nlasts = \"200ms\"",
        number: "wakeups_withheld",
        before: NOBODY_LEADS,
        misses: LEADER,
    },
    Row {
        kind: "wipe",
        hits: r#"target = "follower(orders-0, 0)""#,
        number: "files_lost",
        before: NOBODY_LEADS,
        misses: LEADER,
    },
    Row {
        kind: "partition",
        hits: "from = \"leader(orders-0)\"\nto = \"others\"\nlasts = \"500ms\"",
        number: "messages_dropped",
        before: "",
        misses: STRANGERS,
    },
    Row {
        kind: "isolate",
        hits: "target = \"leader(orders-0)\"\nlasts = \"500ms\"",
        number: "messages_dropped",
        before: CONSUMER_DEAD,
        misses: CONSUMER,
    },
    Row {
        kind: "hold",
        hits: "from = \"followers(orders-0)\"\nto = \"leader(orders-0)\"\nlasts = \"300ms\"",
        number: "messages_held",
        before: "",
        misses: STRANGERS,
    },
    Row {
        kind: "delay",
        hits: "target = \"client(0)\"\nextra = \"20ms..40ms\"\nlasts = \"500ms\"",
        number: "messages_delayed",
        before: "",
        misses: "between = [\"controller\", \"client(0)\"]\nextra = \"20ms\"\nat = \"1500ms\"",
    },
    Row {
        kind: "drop_connections",
        hits: r#"between = ["client(0)", "all_brokers"]"#,
        number: "connections_broken",
        before: "",
        misses: STRANGERS,
    },
    Row {
        kind: "loss",
        hits: "between = [\"client(0)\", \"all_brokers\"]\nprobability = 0.2\nlasts = \"1s\"",
        number: "messages_lost",
        before: "",
        misses: "between = [\"controller\", \"client(0)\"]\nprobability = 1.0\nat = \"1500ms\"",
    },
    Row {
        kind: "slow_disk",
        hits: "target = \"leader(orders-0)\"\nlatency = \"50ms..60ms\"",
        number: "operations_slowed",
        before: "",
        // The disk itself takes longer.
        misses: "target = \"controller\"\nlatency = \"1us\"\nat = \"1500ms\"",
    },
    Row {
        kind: "fsync_error",
        hits: r#"target = "follower(orders-0, 1)""#,
        number: "flushes_failed",
        before: NOBODY_LEADS,
        misses: "target = \"leader(orders-0)\"\nat = \"1500ms\"",
    },
    Row {
        kind: "disk_stall",
        hits: "target = \"leader(orders-0)\"\nlasts = \"500ms\"",
        number: "operations_stalled",
        before: NOBODY_LEADS,
        misses: LEADER,
    },
    Row {
        kind: "fsync_lie",
        hits: r#"target = "follower(orders-0, 1)""#,
        number: "flushes_lied",
        before: NOBODY_LEADS,
        misses: LEADER,
    },
    Row {
        kind: "read_error",
        hits: r#"target = "leader(orders-0)""#,
        number: "reads_failed",
        before: NOBODY_LEADS,
        misses: LEADER,
    },
    Row {
        kind: "write_error",
        hits: "target = \"leader(orders-0)\"\nfiles = \"orders-0/*.log\"",
        number: "writes_failed",
        before: "",
        // It has no such file.
        misses: "target = \"leader(orders-0)\"\nfiles = \"payments-0/*\"\nat = \"1500ms\"",
    },
    Row {
        kind: "disk_full",
        hits: "target = \"leader(orders-0)\"\nfree = 100",
        number: "writes_refused",
        before: "",
        misses: "target = \"leader(orders-0)\"\nfree = 1_000_000_000\nat = \"1500ms\"",
    },
    Row {
        kind: "bit_rot",
        // What was written as a whole is at rest at once, and this will be written anew before anybody reads it.
        hits: "target = \"follower(orders-0, 0)\"\nfiles = \"*checkpoint\"\nat = \"2500ms\"",
        number: "bits_rotten",
        before: "",
        misses: "target = \"follower(orders-0, 0)\"\nfiles = \"payments-0/*\"\nat = \"1500ms\"",
    },
    Row {
        kind: "clock_jump",
        hits: "target = \"leader(orders-0)\"\nby = \"-300ms\"\nlasts = \"1s\"",
        number: "clock_readings",
        before: CONSUMER_DEAD,
        misses: "target = \"client(1)\"\nby = \"1s\"\nat = \"1500ms\"",
    },
    Row {
        kind: "clock_drift",
        hits: "target = \"controller\"\nby = \"+5%\"\nlasts = \"1s\"",
        number: "clock_readings",
        before: CONSUMER_DEAD,
        misses: "target = \"client(1)\"\nby = \"-5%\"\nat = \"1500ms\"",
    },
];

fn run_with(faults: &[String]) -> (RunOutput, String) {
    let faults: String = faults.iter().map(|fault| format!("\n[[fault]]\n{fault}\n")).collect();
    let source = format!("{CLUSTER}{faults}");
    let scenario = parse("kinds.toml", &source).unwrap_or_else(|problems| panic!("{problems}"));
    (run(&scenario, Seed(1), &Interrupt::new(false)), source)
}

fn last(output: &RunOutput) -> &FaultReport {
    output.report.faults.last().unwrap()
}

#[test]
fn every_kind_is_here() {
    let kinds: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.kind).collect();
    assert_eq!(rows, kinds);
}

#[test]
fn every_kind_shows_what_it_changed() {
    for row in ROWS {
        let length = match Kind::named(row.kind).unwrap().length {
            _ if row.hits.contains("lasts") => "",
            Length::Instant => "",
            Length::Lasts => "lasts = \"1s\"",
            Length::DownFor => "down_for = \"500ms\"",
        };
        let at = if row.hits.contains("\nat =") { "" } else { "at = \"1s\"" };
        let (output, _) = run_with(&[format!("kind = \"{}\"\n{at}\n{}\n{length}", row.kind, row.hits)]);
        let fault = last(&output);
        assert!(0 < fault.effect[row.number], "{}: {:?}", row.kind, fault.effect);
        assert!(!fault.vacuous, "{}", row.kind);
        let report = &output.report;
        assert_eq!(
            (report.verdict, &report.vacuous, &report.unknown),
            (Verdict::Pass, &vec![], &vec![]),
            "{}: {:?}",
            row.kind,
            report.liveness
        );
        // Faults that last show what the cluster did meanwhile.
        assert_eq!(fault.meanwhile.len(), 4, "{:?}", fault.meanwhile);
    }
}

#[test]
fn every_kind_that_changed_nothing_says_so_with_its_line() {
    for row in ROWS {
        let mut faults: Vec<String> =
            Some(row.before).filter(|before| !before.is_empty()).map(str::to_owned).into_iter().collect();
        faults.push(format!("kind = \"{}\"\n{}", row.kind, row.misses));
        let (output, source) = run_with(&faults);
        let lines: Vec<&str> = source.lines().collect();
        let line = 1 + lines.iter().rposition(|line| *line == "[[fault]]").unwrap();
        let report = &output.report;
        assert_eq!(report.verdict, Verdict::Vacuous, "{}: {:?}", row.kind, last(&output));
        assert_eq!(report.vacuous.len(), 1, "{:?}", report.vacuous);
        let place = format!("kinds.toml:{line}: fault {} ", row.kind);
        assert!(report.vacuous[0].starts_with(&place), "{}", report.vacuous[0]);
    }
}
