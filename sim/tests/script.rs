//! What a run leaves behind as a script does the same as the run: every event of it.

use sim::run::{Interrupt, RunOutput, run, script_text};
use sim::scenario::{Scenario, parse};
use sim::seed::Seed;
use sim::trace::first_difference;

const HURT_AT_RANDOM: &str = r#"
name  = "hurt-at-random"
story = "Scripted, triggered and random faults, with ranges to draw from."

[cluster]
brokers = 4

[[topic]]
name = "orders"
partitions = 2
replication.factor  = 3
min.insync.replicas = 2

[[producer]]
topics  = ["orders"]
records = 500

[[consumer]]
topics = ["orders"]

[[fault]]
name     = "crash"
kind     = "kill"
target   = "random"
at       = "1s..2s"
down_for = "200ms..900ms"

[[fault]]
kind   = "delay"
target = "random"
extra  = "1ms..20ms"
lasts  = "1s"
when   = { event = "fault_ended", fault = "crash", delay = "100ms" }

[[fault]]
kind   = "pause"
target = "leader(orders-0)"
lasts  = "10ms..100ms"
when   = { event = "record_acknowledged", nth = 100, moment = "before" }

[[nemesis]]
kind   = "power_loss"
every  = "500ms..1500ms"
target = "random"

[[nemesis]]
kind  = "partition"
every = "500ms..1500ms"

[[nemesis]]
kind  = "slow_disk"
every = "300ms..1s"
latency = "5ms..50ms"

[[nemesis]]
kind  = "loss"
every = "300ms..2s"
target = "random_client"
probability = 0.05

[[nemesis]]
kind  = "clock_jump"
every = "1s..2s"
by    = "-300ms..300ms"

[phases]
faults = "5s"
"#;

fn parsed(path: &str, text: &str) -> Scenario {
    parse(path, text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

fn run_once(scenario: &Scenario, seed: u64) -> RunOutput {
    run(scenario, Seed(seed), &Interrupt::new(false))
}

#[test]
fn a_script_does_what_the_run_did_to_the_event() {
    let scenario = parsed("hurt-at-random.toml", HURT_AT_RANDOM);
    for seed in 1..=4 {
        let output = run_once(&scenario, seed);
        assert!(5 <= output.report.faults.len(), "{} faults", output.report.faults.len());
        let text = script_text(&output.script, &output.report);
        let script = parsed("scenario.resolved.toml", &text);
        assert_eq!(script.seed, Some(Seed(seed)));
        assert!(script.plan.random.is_empty());
        let again = run_once(&script, seed);
        let difference = first_difference(&output.trace, &again.trace);
        assert!(difference.is_none(), "{}\n{text}", difference.unwrap());
        assert_eq!(again.report.verdict, output.report.verdict);
        // And a script of a script is the same script.
        assert_eq!(again.script.plan.faults.len(), output.script.plan.faults.len());
        assert_eq!(run_once(&again.script, seed).report.digest, output.report.digest);
    }
}

/// What a range, a random target or the end of the phase can come to must be readable and repeatable too.
#[test]
fn a_script_is_read_and_does_the_same_also_where_chance_was_odd() {
    let cluster = HURT_AT_RANDOM.split("[cluster]").next().unwrap();
    let rest = "[[topic]]\nname = \"orders\"\nreplication.factor = 3\n[[producer]]\ntopics = [\"orders\"]\n";
    let odd = [
        "kind = \"drop_connections\"\nevery = \"1s\"",
        "kind = \"partition\"\nbetween = [\"random\", \"random\"]\nevery = \"300ms\"\nlasts = \"200ms\"",
        "kind = \"clock_drift\"\nby = \"-1ppm..1ppm\"\nevery = \"200ms\"",
        "kind = \"clock_drift\"\ntarget = \"broker(1)\"\nby = \"-60%\"\nevery = \"300ms\"\nlasts = \"2s\"",
        "kind = \"kill\"\ntarget = \"broker(1)\"\nevery = \"500ms\"",
    ];
    let nemeses: String =
        odd.iter().map(|nemesis| format!("[[nemesis]]\n{nemesis}\nmay_miss = true\n")).collect();
    let scripted = "[[fault]]\nkind = \"delay\"\ntarget = \"random\"\nextra = \"1ms..9ms\"\nlasts = \"500ms\"\nstream = 9\n\
                    when = { event = \"record_appended\", target = \"random\", nth = 5 }\nmay_miss = true\n";
    let source = format!("{cluster}{rest}{scripted}{nemeses}[phases]\nfaults = \"3s\"\n");
    for seed in 1..=3 {
        let output = run_once(&parsed("odd.toml", &source), seed);
        let text = script_text(&output.script, &output.report);
        let again = run_once(&parsed("scenario.resolved.toml", &text), seed);
        let difference = first_difference(&output.trace, &again.trace);
        assert!(difference.is_none(), "{}\n{text}", difference.unwrap());
        assert_eq!(
            (again.report.verdict, again.report.vacuous.len()),
            (output.report.verdict, output.report.vacuous.len())
        );
    }
}

#[test]
fn each_nemesis_draws_for_itself() {
    let scenario = parsed("hurt-at-random.toml", HURT_AT_RANDOM);
    let begun = |scenario: &Scenario, kind: &str| {
        let report = run_once(scenario, 1).report;
        let faults = report.faults.into_iter().filter(|fault| fault.random && fault.kind == kind);
        faults
            .map(|fault| (fault.started_us.unwrap() - report.phases[1].started_us, fault.resolved))
            .collect::<Vec<_>>()
    };
    let mut fewer = scenario.clone();
    // The first and the last: positions of the others change.
    fewer.plan.random.retain(|nemesis| !["power_loss", "clock_jump"].contains(&nemesis.harm.kind().name));
    assert_eq!(fewer.plan.random.len(), 3);
    let times =
        |faults: Vec<(u64, Vec<String>)>| faults.into_iter().map(|(time, _)| time).collect::<Vec<_>>();
    assert_eq!(times(begun(&scenario, "slow_disk")), times(begun(&fewer, "slow_disk")));
}

#[test]
fn limits_hold_random_faults_back_and_without_them_they_go_further() {
    let down_at_once = |limits: &str| {
        let nemesis = "[[nemesis]]\nkind = \"kill\"\nevery = \"50ms..200ms\"\ndown_for = \"300ms..600ms\"\n";
        let source = HURT_AT_RANDOM.split("[[fault]]").next().unwrap().to_owned()
            + nemesis
            + limits
            + "[phases]\nfaults = \"4s\"\n";
        let report = run_once(&parsed("limits.toml", &source), 3).report;
        let mut most = 0;
        for one in &report.faults {
            let at = one.started_us.unwrap();
            let down = |fault: &&sim::report::FaultReport| {
                fault.started_us.unwrap() <= at && fault.ended_us.is_none_or(|end| at < end)
            };
            most = most.max(report.faults.iter().filter(down).count());
        }
        (most, report.nemeses[0].clone())
    };
    let (most, nemesis) = down_at_once("");
    assert_eq!(most, 1);
    assert!(0 < nemesis.held_back && 3 <= nemesis.begun, "{nemesis:?}");
    assert_eq!(nemesis.effective, nemesis.begun);
    let (most, _) = down_at_once("[limits]\nbrokers_down = 2\n");
    assert_eq!(most, 2);
    let (most, nemesis) = down_at_once("[limits]\ncontract = \"beyond\"\n");
    assert!(2 < most, "{most}: {nemesis:?}");
}

/// Two nemeses that draw in the same tick, and a disk that fails long after its fault began.
#[test]
fn limits_see_what_begins_in_the_same_tick_and_what_fails_late() {
    let source = HURT_AT_RANDOM.split("[[fault]]").next().unwrap().to_owned()
        + "[[nemesis]]\nkind = \"kill\"\ntarget = \"broker(1)\"\nevery = \"1s\"\ndown_for = \"300ms\"\n"
        + "[[nemesis]]\nkind = \"power_loss\"\ntarget = \"broker(2)\"\nevery = \"1s\"\ndown_for = \"300ms\"\nmay_miss = true\n"
        + "[phases]\nfaults = \"5s\"\n";
    let report = run_once(&parsed("same-tick.toml", &source), 1).report;
    let [kill, power_loss] = &report.nemeses[..] else { panic!("{:?}", report.nemeses) };
    assert!(3 <= kill.begun, "{kill:?}");
    assert_eq!((power_loss.begun, power_loss.held_back), (0, kill.begun), "{power_loss:?}");

    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/random/within-contract.toml");
    let report = run_once(&sim::scenario::load(&path).unwrap(), 290).report;
    assert!(report.as_expected, "{:?}", report.violations);
}

/// A cluster like the other, with these sections instead of its faults.
fn with_faults(sections: &str) -> Scenario {
    let head = HURT_AT_RANDOM.split("[[fault]]").next().unwrap();
    parsed("disks.toml", &format!("{head}{sections}[phases]\nfaults = \"4s\"\n"))
}

/// Faults of two kinds, drawn in the same ticks for different hosts, the one before the other.
#[test]
fn limits_know_what_each_fault_of_a_disk_does_to_its_host() {
    let nemesis = |(kind, target, more): (&str, &str, &str)| {
        let head = format!("[[nemesis]]\nkind = \"{kind}\"\ntarget = \"{target}\"\nevery = \"1s\"\n");
        format!("{head}may_miss = true\n{more}\n")
    };
    let short = "lasts = \"300ms\"";
    let slow = ("slow_disk", "broker(1)", "latency = \"5ms\"\nlasts = \"300ms\"");
    let stalled = ("disk_stall", "broker(1)", short);
    let lying = ("fsync_lie", "broker(1)", short);
    let kill = ("kill", "broker(2)", "down_for = \"300ms\"");
    let cases = [
        (slow, kill, true),
        // Who waits for a disk is as good as down, but loses nothing.
        (stalled, kill, false),
        (stalled, ("pause", "broker(2)", short), false),
        (lying, ("disk_stall", "broker(2)", short), true),
        // Who lies may lose what was flushed, and after a kill nobody can tell which of the two it was.
        (lying, kill, false),
        (("bit_rot", "broker(1)", ""), kill, false),
        (("disk_full", "broker(1)", short), ("read_error", "broker(2)", short), false),
        (("write_error", "broker(1)", short), slow, true),
        // There is one copy of the metadata.
        (slow, ("fsync_lie", "controller", short), false),
        (slow, ("bit_rot", "controller", ""), false),
        (slow, ("disk_stall", "controller", short), true),
        (slow, ("power_loss", "controller", "unsynced = \"torn\"\ndown_for = \"300ms\""), true),
    ];
    for (first, second, allowed) in cases {
        let report = run_once(&with_faults(&(nemesis(first) + &nemesis(second))), 1).report;
        let [_, counted] = &report.nemeses[..] else { panic!("{:?}", report.nemeses) };
        assert_eq!(0 < counted.begun, allowed, "{first:?}, then {counted:?}");
        assert_eq!(counted.held_back == 0, allowed, "{first:?}, then {counted:?}");
    }
}

#[test]
fn a_broker_with_a_rotten_copy_counts_until_the_run_ends() {
    let rot = "[[fault]]\nkind = \"bit_rot\"\ntarget = \"broker(1)\"\nfiles = \"*\"\nat = \"500ms\"\n";
    let kill = "[[nemesis]]\nkind = \"kill\"\ntarget = \"broker(2)\"\nevery = \"1s\"\nmay_miss = true\n";
    let flush = "[broker]\nlog.flush.interval.messages = 1\n";
    let report = run_once(&with_faults(&format!("{rot}{kill}{flush}")), 1).report;
    assert!(!report.faults[0].vacuous, "{:?}", report.faults[0]);
    let killed = &report.nemeses[0];
    assert!(killed.begun == 0 && 0 < killed.held_back, "{killed:?}");
    assert_eq!(report.reached.lossy_crashes, 1);
}

/// What a disk does while it misbehaves is drawn from streams that the script names.
#[test]
fn what_disks_do_is_in_the_script() {
    let nemesis = |rest: &str| format!("[[nemesis]]\nevery = \"200ms..700ms\"\nmay_miss = true\n{rest}\n");
    let every: String = [
        "kind = \"power_loss\"\nunsynced = \"torn\"\ndown_for = \"100ms..300ms\"",
        "kind = \"power_loss\"\nunsynced = \"reordered\"\ndown_for = \"100ms..300ms\"",
        "kind = \"slow_disk\"\nread_latency = \"1ms..5ms\"\nappend_latency = \"10us..500us\"\nlasts = \"300ms\"",
        "kind = \"disk_stall\"\nlasts = \"10ms..200ms\"",
        "kind = \"fsync_lie\"\nprobability = 0.5\nlasts = \"300ms\"",
        "kind = \"read_error\"\nprobability = 0.01\nlasts = \"300ms\"",
        "kind = \"write_error\"\nprobability = 0.1\nfiles = \"*.log\"\nlasts = \"300ms\"",
        "kind = \"disk_full\"\nfree = 2000\nlasts = \"300ms\"",
        "kind = \"bit_rot\"\nregion = \"tail\"\nbits = 2",
    ]
    .map(nemesis)
    .concat();
    let scenario = with_faults(&format!("{every}[limits]\ncontract = \"beyond\"\n"));
    for seed in 1..=3 {
        let output = run_once(&scenario, seed);
        let script = script_text(&output.script, &output.report);
        let again = run_once(&parsed("script.toml", &script), seed);
        let difference = first_difference(&output.trace, &again.trace);
        assert!(difference.is_none(), "seed {seed}: {difference:?}");
        assert_eq!(again.report.faults.len(), output.report.faults.len(), "seed {seed}");
    }
}
