//! Sweeps as a user meets them: exit codes, what is on disk, and that nothing depends on order or threads.

mod place;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sim::run::{Interrupt, run};
use sim::sweep::plan::{Item, plan};
use sim::sweep::pool::{End, Limits, Work, drive};

use place::{Place, cargo_sim, command, text};

#[test]
fn nothing_depends_on_the_number_of_jobs_and_shards_make_a_whole() {
    let place = Place::new("order");
    let (quick, lossy) = (place.quick(), place.lossy("lossy"));
    let sweep = |reports: &str, more: &[&str]| {
        let reports = place.path(reports);
        cargo_sim(&[&["sweep", &quick, &lossy, "--seeds", "2", "--reports", &reports], more].concat())
    };
    let (code, stdout, stderr) = sweep("whole", &["--jobs", "1"]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(stdout.contains("4 planned, 4 run, 2 not as expected, 0 not reached"), "{stdout}");
    assert_eq!(stderr.matches("new failure: lost-write").count(), 1, "{stderr}");
    let whole = place.digests("whole");
    assert_eq!(whole.len(), 4);
    sweep("two", &["--jobs", "2"]);
    assert_eq!(place.digests("two"), whole);
    assert_eq!(place.summary("two")["failures"], place.summary("whole")["failures"]);
    assert_eq!(place.run_dirs("two"), place.run_dirs("whole"));
    assert_eq!(place.run_dirs("two").len(), 1, "only the cheapest of the group");

    let shards = ["1/3", "2/3", "3/3"];
    for shard in shards {
        sweep(&format!("shard-{}", &shard[..1]), &["--shard", shard]);
    }
    let parts: Vec<String> = (1..=3).map(|shard| place.path(&format!("shard-{shard}"))).collect();
    let merged = place.path("merged");
    let (code, stdout, stderr) = cargo_sim(&["merge", &parts[2], &parts[0], &parts[1], "--reports", &merged]);
    assert_eq!((code, stderr.as_str()), (1, ""), "{stdout}");
    assert_eq!(place.digests("merged"), whole);
    assert_eq!(place.summary("merged")["failures"], place.summary("whole")["failures"]);
    assert_eq!(place.run_dirs("merged"), place.run_dirs("whole"));
    let (code, stdout, stderr) = cargo_sim(&["merge", &parts[0], &parts[2], "--reports", &merged]);
    assert_eq!(code, 1, "{stdout}");
    assert!(
        stderr.contains("shard 2/3 is missing") && stdout.contains("incomplete: shard 2/3"),
        "{stdout}{stderr}"
    );
}

#[test]
fn nothing_leaks_from_one_run_into_the_next() {
    let place = Place::new("leaks");
    let load = |path: String| sim::scenario::load(Path::new(&path)).unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/random/within-contract.toml");
    let scenarios = Arc::new(vec![load(place.quick()), load(place.lossy("lossy")), load(shipped.to_owned())]);
    let digests = |reversed: bool, jobs: usize| {
        let mut items = plan(&scenarios, Some(&"2".parse().unwrap()), None).unwrap();
        // One seed of the swarm is enough, and takes as long as all the rest.
        items.pop();
        if reversed {
            items.reverse();
        }
        let (scenarios, items) = (scenarios.clone(), Arc::new(items));
        let of = items.clone();
        let digest: Work<String> = Arc::new(move |index, interrupt| {
            let item: &Item = &of[index];
            run(&scenarios[item.scenario], item.seed, interrupt).report.digest
        });
        let minute = Duration::from_secs(60);
        let limits = Limits { jobs, timeout: minute, grace: minute, budget: None };
        let mut found = BTreeMap::new();
        drive(items.len(), limits, &Interrupt::new(false), &digest, |ended| {
            let Item { scenario, seed } = items[ended.item];
            let End::Returned(digest) = ended.end else { panic!("{:?}", ended.end) };
            found.insert((scenario, seed), digest);
            ControlFlow::Continue(())
        });
        found
    };
    let in_order = digests(false, 1);
    assert_eq!(in_order.len(), 5);
    assert_eq!(digests(true, 1), in_order, "the order of runs matters");
    assert_eq!(digests(true, 2), in_order, "what runs at the same time matters");
}

#[test]
fn what_was_run_is_not_run_again_and_a_torn_line_is_not_there() {
    let place = Place::new("resume");
    let (quick, reports) = (place.quick(), place.path("reports"));
    let sweep = |seeds: &str| {
        cargo_sim(&["sweep", &quick, "--seeds", seeds, "--reports", &reports, "--resume", "--jobs", "1"])
    };
    let (code, stdout, stderr) = sweep("2");
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stderr.contains("nothing to resume"), "{stderr}");
    let before = place.digests("reports");
    let file = place.0.join("reports/sweep/results.jsonl");
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 9]).unwrap();
    let (code, stdout, stderr) = sweep("3");
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stderr.contains("1 results reused"), "{stderr}");
    assert!(stdout.contains("3 planned, 3 run (1 reused), 0 not as expected, 0 not reached"), "{stdout}");
    let after = place.digests("reports");
    assert!(after.len() == 3 && before.iter().all(|(run, digest)| after.get(run) == Some(digest)));
    // Another text is another run, whatever it is called.
    fs::write(&quick, fs::read_to_string(&quick).unwrap() + "\n# changed\n").unwrap();
    let (_, stdout, stderr) = sweep("1");
    assert!(stderr.contains("0 results reused, 3 kept in"), "{stderr}");
    assert!(stdout.contains("1 planned, 1 run, "), "{stdout}");
    // What is not planned is still there when it is planned again.
    fs::write(&quick, fs::read_to_string(&quick).unwrap().replace("\n# changed\n", "")).unwrap();
    let (_, stdout, stderr) = sweep("3");
    assert!(stderr.contains("3 results reused, 1 kept in"), "{stderr}");
    assert!(stdout.contains("3 planned, 3 run (3 reused), 0 not as expected"), "{stdout}");
    assert_eq!(place.digests("reports"), after);
    // A check that nobody waits for takes away nothing of what it was to check.
    let check = ["--resume", "--check-determinism", "--budget", "1ms"];
    let arguments = ["sweep", &quick, "--seeds", "3", "--reports", &reports];
    let (_, _, stderr) = cargo_sim(&[&arguments[..], &check].concat());
    assert!(stderr.contains("0 results reused, 4 kept in"), "{stderr}");
    let (_, stdout, _) = sweep("3");
    assert!(stdout.contains("3 planned, 3 run (3 reused), 0 not as expected"), "{stdout}");
    // Damage is not guessed away.
    fs::write(&file, whole.replacen("\"seed\"", "\"sed\"", 1)).unwrap();
    let (code, stdout, stderr) = sweep("1");
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("results.jsonl:2 is damaged"), "{stderr}");
    let (code, _, stderr) = cargo_sim(&["merge", &reports, "--reports", &place.path("merged")]);
    assert!(code == 2 && stderr.contains("results.jsonl:2 is damaged"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_keeps_what_ended_and_the_rest_can_follow() {
    let place = Place::new("interrupt");
    // The first seed ends at once; nobody waits for the second scenario.
    let quick = place.quick();
    let slow = ("faults   = \"6s\"", "faults   = \"1h\"");
    let named = ("name  = \"leader-killed\"", "name  = \"slow\"");
    let endless = place.altered("crash/leader-killed.toml", "slow", &[slow, named]);
    let reports = place.path("reports");
    let arguments = ["sweep", &quick, &endless, "--seeds", "2", "--jobs", "1", "--reports", &reports];
    let child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let file = place.0.join("reports/sweep/results.jsonl");
    while fs::read_to_string(&file).unwrap_or_default().lines().count() < 2 {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let (code, stdout, stderr) = text(child.wait_with_output().unwrap());
    assert_eq!(code, 130, "{stdout}{stderr}");
    assert!(stdout.contains("4 planned, 1 run, 0 not as expected, 3 not reached: interrupted"), "{stdout}");
    let summary = place.summary("reports");
    assert_eq!((&summary["run"], &summary["complete"]), (&Value::from(1), &Value::from(false)));
    let arguments = ["sweep", &quick, "--seeds", "2", "--reports", &reports, "--resume"];
    let (code, stdout, _) = cargo_sim(&arguments);
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.contains("2 planned, 2 run (1 reused)"), "{stdout}");
}

#[test]
fn a_run_that_takes_too_long_is_no_pass_and_the_rest_goes_on() {
    let place = Place::new("timeout");
    let named = ("name  = \"leader-killed\"", "name  = \"slow\"");
    let slow = place.altered("crash/leader-killed.toml", "slow", &[named, ("\"6s\"", "\"1h\"")]);
    let reports = place.path("reports");
    let arguments = ["sweep", &slow, "--seeds", "2", "--timeout", "100ms", "--reports", &reports];
    let (code, stdout, _) = cargo_sim(&arguments);
    assert_eq!(code, 3, "{stdout}");
    assert!(stdout.contains("2 planned, 2 run, 2 not as expected"), "{stdout}");
    assert_eq!(place.summary("reports")["failures"][0]["signature"], "timeout");
    let (_, _, stderr) = cargo_sim(&[&arguments[..], &["--resume"]].concat());
    assert!(stderr.contains("0 results reused, 2 kept in"), "{stderr}");
}

#[test]
fn enough_failures_and_a_spent_budget_stop_it_and_say_so() {
    let place = Place::new("stop");
    let (lossy, reports, xml) = (place.lossy("lossy"), place.path("reports"), place.path("out/junit.xml"));
    let sweep = |more: &[&str]| {
        cargo_sim(&[&["sweep", &lossy, "--seeds", "4", "--jobs", "1", "--reports", &reports], more].concat())
    };
    let (code, stdout, _) = sweep(&["--max-fail", "2", "--junit", &xml]);
    assert_eq!(code, 1, "{stdout}");
    let said = "4 planned, 2 run, 2 not as expected, 2 not reached: 2 did not go as expected";
    assert!(stdout.contains(said), "{stdout}");
    let report = quick_junit::Report::deserialize_from_str(&fs::read_to_string(&xml).unwrap()).unwrap();
    assert_eq!((report.tests, report.failures, report.skipped), (4, 2, 2));
    assert_eq!(report.test_suites[0].name.as_str(), "lossy");
    assert_eq!(report.test_suites[0].test_cases[0].name.as_str(), "seed_1");
    let (code, stdout, _) = sweep(&["--budget", "1ms"]);
    assert!([1, 4].contains(&code), "{stdout}");
    assert!(stdout.contains("not reached: the budget of 1ms is spent"), "{stdout}");
}

#[test]
fn one_bug_in_two_scenarios_is_one_group_and_what_is_expected_is_no_failure() {
    let place = Place::new("groups");
    let (one, other) = (place.lossy("one"), place.lossy("other"));
    let reports = place.path("reports");
    let arguments = ["sweep", &one, &other, "--seeds", "1", "--reports", &reports, "--format", "json"];
    let (code, stdout, _) = cargo_sim(&arguments);
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, summary["failures"].as_array().map(Vec::len)), (1, Some(1)), "{stdout}");
    assert_eq!(summary["failures"][0]["scenarios"], serde_json::json!(["one", "other"]));
    assert_eq!(place.run_dirs("reports").len(), 1);
    let shipped = format!("{}/../scenarios/disk/single-replica-power-loss.toml", env!("CARGO_MANIFEST_DIR"));
    let reports = place.path("expected");
    let (code, stdout, stderr) =
        cargo_sim(&["sweep", &shipped, "--seeds", "2", "--reports", &reports, "--check-determinism"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.contains("found as expected:\n       2 x lost-write"), "{stdout}");
    assert_eq!(place.run_dirs("expected"), [""; 0]);
}

#[test]
fn the_same_program_with_two_digests_is_nondeterminism() {
    let place = Place::new("differ");
    let (quick, reports) = (place.quick(), place.path("one"));
    cargo_sim(&["sweep", &quick, "--seeds", "1", "--reports", &reports]);
    let digest = place.digests("one").into_values().next().unwrap();
    let text = fs::read_to_string(place.0.join("one/sweep/results.jsonl")).unwrap();
    fs::create_dir_all(place.0.join("other/sweep")).unwrap();
    place.file("other/sweep/results.jsonl", &text.replace(&digest, "\"0123456789abcdef\""));
    let merge = ["merge", &reports, &place.path("other"), "--reports", &place.path("merged")];
    let (code, _, stderr) = cargo_sim(&merge);
    assert_eq!(code, 70, "{stderr}");
    assert!(stderr.contains("quick seed 1") && stderr.contains("0123456789abcdef"), "{stderr}");
}

#[test]
fn wrong_usage_is_refused_before_anything_runs() {
    let place = Place::new("usage");
    let (quick, file) = (place.quick(), place.file("taken", "not a directory"));
    let reports = place.path("reports");
    let (missing, nowhere) = (place.path("missing"), place.path("reports/no/such"));
    for (arguments, said) in [
        (vec!["sweep", &quick, "--shard", "0/4"], "they count from 1/4"),
        (vec!["sweep", &quick, "--shard", "5/4"], "no shard 5 of 4"),
        (vec!["sweep", &quick, "--shard", "auto"], "none of TEST_SHARD_INDEX, CI_NODE_INDEX"),
        (vec!["sweep", &quick, "--seed", "3"], "--seeds"),
        (vec!["sweep", &quick, "--seeds", "5..5"], "holds no seed"),
        (vec!["sweep", &quick, "--seeds", "0..18446744073709551615"], "name fewer seeds"),
        (vec!["sweep", &quick, "--jobs", "0"], "--jobs"),
        (vec!["sweep", &quick, "--budget", "10"], "has no unit"),
        (vec!["sweep", &quick, "--max-fail", "0"], "--max-fail"),
        (vec!["sweep", &quick, "--junit", &place.0.display().to_string()], "this is a directory"),
        (vec!["sweep", &quick, "--junit", &quick], "there is a file that is no JUnit"),
        #[cfg(target_os = "linux")]
        (vec!["sweep", &quick, "--junit", "/dev/full"], "this is no regular file"),
        (vec!["run", &quick, "--seed", "1..5"], "cargo sim sweep SCENARIO --seeds 1..5"),
        (vec!["merge", &missing], "has no sweep/results.jsonl"),
        (vec!["merge", &nowhere], "has no sweep/results.jsonl"),
    ] {
        let (code, stdout, stderr) = cargo_sim(&[&arguments[..], &["--reports", &reports]].concat());
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
    let (code, _, stderr) = cargo_sim(&["sweep", &quick, "--reports", &file]);
    assert!(code == 2 && stderr.contains("reports cannot be written") && stderr.contains(&file), "{stderr}");
    assert_eq!(cargo_sim(&["sweep", &reports, "--reports", &reports]).0, 4, "no scenario is no success");
}

#[test]
fn what_cannot_be_written_stops_it_and_is_no_success() {
    let place = Place::new("unwritable");
    let (lossy, reports) = (place.lossy("lossy"), place.path("reports"));
    // Where the run directory should be, there is a file.
    fs::create_dir_all(place.path("reports/sweep")).unwrap();
    place.file("reports/sweep/lossy", "in the way");
    let (code, stdout, stderr) =
        cargo_sim(&["sweep", &lossy, "--seeds", "3", "--jobs", "1", "--reports", &reports]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(stderr.contains("error: failed to write the report"), "{stderr}");
    assert!(
        stdout.contains("1 run, 1 not as expected, 2 not reached: results cannot be written"),
        "{stdout}"
    );
    assert_eq!(fs::read_to_string(place.path("reports/sweep/lossy")).unwrap(), "in the way");
    // The second is the cheaper one, by its name; as long as it has no files, those of the first stay.
    let named = |file: &str, name: &str| {
        let text = fs::read_to_string(&lossy).unwrap();
        place.file(file, &text.replace("name  = \"lossy\"", &format!("name  = \"{name}\"")))
    };
    let (first, second, reports) = (named("1.toml", "b"), named("2.toml", "a"), place.path("full"));
    fs::create_dir_all(place.path("full/sweep")).unwrap();
    place.file("full/sweep/a", "in the way");
    let arguments = ["sweep", &first, &second, "--seeds", "1", "--jobs", "1", "--reports", &reports];
    let (_, stdout, stderr) = cargo_sim(&arguments);
    assert!(stderr.contains("error: failed to write the report"), "{stderr}");
    assert!(stdout.contains(&format!("cargo sim replay {reports}/sweep/b/1\n")), "{stdout}");
    assert!(place.0.join("full/sweep/b/1/run.json").exists());
}

#[test]
fn the_platform_says_which_shard_and_a_vacuous_sweep_is_no_pass() {
    let place = Place::new("auto");
    let (quick, reports) = (place.quick(), place.path("reports"));
    let arguments = ["sweep", &quick, "--seeds", "2", "--shard", "auto/2", "--reports", &reports];
    let mut sweep = command(&arguments);
    let (code, stdout, stderr) = text(sweep.env("JOB_COMPLETION_INDEX", "1").output().unwrap());
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stderr.contains("shard 2/2, as JOB_COMPLETION_INDEX of Kubernetes says"), "{stderr}");
    assert!(place.digests("reports").keys().eq(["\"quick\" 2"]));
    // Cut off before it has sent anything, for longer than it waits for answers.
    let cut = "[[fault]]\nkind = \"isolate\"\ntarget = \"client(0)\"\nat = \"0s\"\n\n[phases]";
    let hasty = "rate    = \"200/s\"\ndelivery.timeout.ms = 600\nrequest.timeout.ms = 300\n";
    let mute = |name: &str, expect: &str| {
        let changes = [
            ("[phases]", cut),
            ("rate    = \"200/s\"\n", hasty),
            ("verdict = \"pass\"", expect),
            ("indeterminate_at_most = 0", ""),
        ];
        let path = place.altered("crash/leader-killed.toml", name, &changes);
        cargo_sim(&["sweep", &path, "--seeds", "1", "--reports", &reports])
    };
    let (code, stdout, stderr) = mute("mute", "verdict = \"pass\"");
    assert_eq!(code, 4, "{stdout}{stderr}");
    assert!(stdout.contains("vacuous: nothing was acknowledged in any run"), "{stdout}");
    // Which is what somebody may want to see; and of a whole with few runs a part may be empty.
    let (code, stdout, stderr) = mute("expected", "verdict = \"vacuous\"");
    assert_eq!(code, 0, "{stdout}{stderr}");
    let elsewhere = place.path("empty");
    let arguments = ["sweep", &quick, "--seeds", "2", "--shard", "3/3", "--reports", &elsewhere];
    let (code, stdout, stderr) = cargo_sim(&arguments);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stdout.contains("fewer runs than shards"), "{stdout}");
}

#[test]
fn a_shard_that_died_makes_no_green_merge() {
    let place = Place::new("died");
    let quick = place.quick();
    let sweep = |reports: &str, shard: &str, seeds: &str| {
        let reports = place.path(reports);
        let arguments = ["sweep", &quick, "--seeds", seeds, "--shard", shard, "--reports", &reports];
        cargo_sim(&arguments)
    };
    assert_eq!(sweep("one", "1/2", "4").0, 0);
    assert_eq!(sweep("two", "2/2", "4").0, 0);
    let (one, two) = (place.path("one"), place.path("two"));
    let (merged, xml) = (place.path("merged"), place.path("merged.xml"));
    let merge = |directories: &[&str]| {
        cargo_sim(&[&["merge"], directories, &["--reports", &merged, "--junit", &xml]].concat())
    };
    assert_eq!(merge(&[&one, &two]).0, 0);
    // As a process leaves it that was killed before its last run had ended.
    let file = place.0.join("two/sweep/results.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.lines().take(2).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    fs::remove_file(place.0.join("two/sweep/summary.json")).unwrap();
    let (code, stdout, stderr) = merge(&[&one, &two]);
    assert_eq!(code, 3, "{stdout}{stderr}");
    assert!(stderr.contains("shard 2/2 ended before 1 of its runs"), "{stderr}");
    assert!(stdout.contains("4 planned, 3 run, 0 not as expected, 1 not reached: incomplete"), "{stdout}");
    let read = || quick_junit::Report::deserialize_from_str(&fs::read_to_string(&xml).unwrap()).unwrap();
    assert_eq!((read().tests, read().errors), (4, 1));
    // What is missing twice is missing once.
    fs::create_dir_all(place.path("again/sweep")).unwrap();
    fs::copy(&file, place.path("again/sweep/results.jsonl")).unwrap();
    let (_, stdout, _) = merge(&[&one, &two, &place.path("again")]);
    assert!(stdout.contains("4 planned, 3 run, 0 not as expected, 1 not reached"), "{stdout}");
    // Parts of two plans make no whole, however well they count.
    assert_eq!(sweep("other", "2/2", "2").0, 0);
    let (code, _, stderr) = merge(&[&one, &place.path("other")]);
    assert!(code == 3 && stderr.contains("shards of different plans"), "{stderr}");
}

#[test]
fn no_sweep_takes_anything_away_from_another_or_from_a_run() {
    let place = Place::new("mine");
    let (quick, lossy, reports) = (place.quick(), place.lossy("lossy"), place.path("reports"));
    let run_dir = place.0.join("reports/lossy/1/run.json");
    assert_eq!(cargo_sim(&["run", &lossy, "--seed", "1", "--reports", &reports]).0, 1);
    let recorded = fs::read_to_string(&run_dir).unwrap();
    let sweep =
        |more: &[&str]| cargo_sim(&[&["sweep", "--seeds", "2", "--reports", &reports], more].concat());
    let (_, stdout, _) = sweep(&[&lossy]);
    let cheapest = place.run_dirs("reports");
    let [cheapest] = &cheapest[..] else { panic!("{cheapest:?}") };
    let line = format!("cargo sim shrink {reports}/sweep/{cheapest}\n");
    assert!(stdout.contains(&line), "{stdout}");
    assert_eq!(fs::read_to_string(&run_dir).unwrap(), recorded);
    assert_eq!(fs::read_link(place.0.join("reports/latest")).unwrap(), Path::new("lossy/1"));
    // The next sweep says where the results of this one are, and a shard where those of another.
    let xml = place.file("of-before.xml", "<testsuites of before");
    let (code, _, stderr) = sweep(&[&quick, "--shard", "1/2", "--junit", &xml, "--budget", "1ms"]);
    assert!([0, 4].contains(&code) && stderr.contains("sweep/results.before.jsonl now"), "{stderr}");
    assert_ne!(fs::read_to_string(&xml).unwrap(), "<testsuites of before");
    let (code, stdout, stderr) = sweep(&[&quick, "--shard", "2/2"]);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains("holds shard 1/2: give each shard its own --reports"), "{stderr}");
    let (_, stdout, stderr) = sweep(&[&lossy, "--resume"]);
    assert!(stderr.contains("2 results reused") && stdout.contains("2 run (2 reused)"), "{stdout}{stderr}");
    assert!(stdout.contains(&line), "its files are there, too: {stdout}");
    assert_eq!(fs::read_to_string(&run_dir).unwrap(), recorded);
}
