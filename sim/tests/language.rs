//! What is told about the language is true: the schema, the reference, `explain`, `new`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use sim::language::{self, Group, entries, example, faults, lookup, schema, template};
use sim::nemesis::{EVENTS, KINDS};
use sim::scenario::{discover, parse};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn sim(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command.args(arguments).env_remove("SIM_SEED").env("NO_COLOR", "1").current_dir(workspace());
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

/// A file that is made from the tables is as they are now; with the variable set it is written anew instead.
fn fresh(file: &str, text: &str, variable: &str) {
    let path = workspace().join(file);
    if std::env::var_os(variable).is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "{file} is out of date: {variable}=1 cargo test -p sim --test language");
}

fn as_json(source: &str) -> Value {
    serde_json::to_value(source.parse::<toml::Table>().unwrap()).unwrap()
}

fn validator() -> jsonschema::Validator {
    let schema = schema();
    jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| panic!("{error}"));
    jsonschema::draft7::new(&schema).unwrap()
}

fn valid(validator: &jsonschema::Validator, what: &str, source: &str) {
    let json = as_json(source);
    let problems: Vec<_> =
        validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{what}: {}\n{source}", problems.join("\n"));
}

#[test]
fn the_schema_is_fresh_and_the_command_prints_it() {
    let text = format!("{:#}\n", schema());
    fresh("schema/scenario.schema.json", &text, "UPDATE_SCHEMA");
    let (code, stdout, stderr) = sim(&["schema"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout == text, "`cargo sim schema` prints something else");
}

#[test]
fn the_reference_is_fresh() {
    fresh("scenarios/REFERENCE.md", &language::reference(), "UPDATE_REFERENCE");
}

/// With UPDATE_SCHEMA=1 the line is put in front of each file that does not have it.
#[test]
fn every_scenario_names_the_schema_in_its_first_line() {
    for path in discover(&[workspace().join("scenarios")]).unwrap() {
        let depth = path.strip_prefix(workspace()).unwrap().components().count() - 1;
        let line = format!("#:schema {}schema/scenario.schema.json\n", "../".repeat(depth));
        let mut text = fs::read_to_string(&path).unwrap();
        if !text.starts_with("#:schema ") && std::env::var_os("UPDATE_SCHEMA").is_some() {
            text = format!("{line}{text}");
            fs::write(&path, &text).unwrap();
        }
        assert!(text.starts_with(&line), "{} does not begin with {line}", path.display());
    }
}

#[test]
fn what_the_reader_accepts_the_schema_accepts() {
    let validator = validator();
    for path in discover(&[workspace().join("scenarios"), "tests/diagnostics/valid".into()]).unwrap() {
        valid(&validator, &path.display().to_string(), &fs::read_to_string(&path).unwrap());
    }
    for example in examples() {
        valid(&validator, "an example", &example);
    }
}

#[test]
fn what_the_schema_refuses_is_refused_by_the_reader_and_not_the_other_way_round() {
    let validator = validator();
    let mut refused = Vec::new();
    for path in discover(&["tests/diagnostics".into()]).unwrap() {
        let source = fs::read_to_string(&path).unwrap_or_default();
        let Ok(table) = source.parse::<toml::Table>() else { continue };
        if !validator.is_valid(&serde_json::to_value(table).unwrap()) {
            assert!(parse("x.toml", &source).is_err(), "{} is sound", path.display());
            refused.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    for case in SEEN_BY_A_SCHEMA {
        assert!(refused.iter().any(|name| name == case), "{case} passes");
    }
}

/// Wrong scenarios that are wrong without looking at two sections at once.
const SEEN_BY_A_SCHEMA: &[&str] = &[
    "deleted-less-than-nothing",
    "duration-without-quotes",
    "empty",
    "illegal-topic",
    "malformed-target",
    "missing-at",
    "missing-kind",
    "missing-name",
    "missing-target",
    "missing-topic-name",
    "negative-count",
    "negative-time",
    "no-topics",
    "no-unit",
    "nothing-to-test",
    "one-bracket",
    "partition-both-and-one-way",
    "partition-of-three",
    "partition-without-sides",
    "property-of-another-scope",
    "topics-not-an-array",
    "unknown-anomaly",
    "unknown-fault-key",
    "unknown-key",
    "unknown-kind",
    "unknown-property",
    "unknown-section",
    "unknown-target",
    "unknown-top-level-key",
    "unknown-verdict",
    "verdict-and-violation",
    "wrong-type",
    "wrong-unit",
    "wrong-value-of-property",
];

#[test]
fn faults_that_cannot_be_are_refused_by_the_schema() {
    let validator = validator();
    for wrong in [
        "[[fault]]\nkind = 'kill'\ntarget = 'random'",
        "[[fault]]\nkind = 'kill'\ntarget = 'random'\nat = '1s'\nwhen = { event = 'host_started' }",
        "[[fault]]\nkind = 'kill'\ntarget = 'random'\nat = '1s'\nlasts = '1s'",
        "[[fault]]\nkind = 'kill'\ntarget = 'random'\nat = '1s'\ndown_for = '1s'\nuntil = '3s'",
        "[[fault]]\nkind = 'delay'\ntarget = 'random'\nat = '1s'",
        "[[fault]]\nkind = 'loss'\ntarget = 'random'\nat = '1s'\nprobability = 2",
        "[[fault]]\nkind = 'clock_jump'\ntarget = 'random'\nat = '1s'\nby = '5%'",
        "[[fault]]\nkind = 'hold'\ntarget = 'random'\nbetween = ['random', 'others']\nat = '1s'",
        "[[fault]]\nkind = 'slow_disk'\ntarget = 'random'\nat = '1s'",
        "[[nemesis]]\nkind = 'slow_disk'\nevery = '1s'",
        "[[fault]]\nkind = 'bit_rot'\ntarget = 'random'\nat = '1s'\nregion = 'head'\noffset = 3",
        "[[fault]]\nkind = 'bit_rot'\ntarget = 'random'\nat = '1s'\nlasts = '1s'",
        "[[fault]]\nkind = 'disk_full'\ntarget = 'random'\nat = '1s'\nfiles = '*'",
        "[[fault]]\nkind = 'kill'\ntarget = 'random'\nwhen = { event = 'fault_started' }",
        "[[fault]]\nkind = 'kill'\ntarget = 'random'\nwhen = { event = 'host_started', api = 'Fetch' }",
        "[[fault]]\nkind = 'kill'\ntarget = 'random'\nwhen = { event = 'host_started', moment = 'before', delay = '1s' }",
        "[[fault]]\nkind = 'kill'\ntarget = 'random'\nwhen = { event = 'host_started', nth = 0 }",
        "[[fault]]\nkind = 'kill'\ntarget = 'random'\nwhen = { event = 'host_started', topic_partition = 'orders-0' }",
        "[[nemesis]]\nkind = 'kill'",
        "[[nemesis]]\nkind = 'kill'\nevery = '1s'\nat = '1s'",
        "[[nemesis]]\nkind = 'partition'\nevery = '1s'\nfrom = 'random'",
        "[limits]\nbrokers_down = 1",
    ] {
        let source = example::around("wrong", wrong);
        assert!(!validator.is_valid(&as_json(&source)), "{source}");
        assert!(parse("wrong.toml", &source).is_err(), "{source}");
    }
}

/// Scenarios around everything that `explain` and the reference show, and around each key by itself.
fn examples() -> Vec<String> {
    let mut examples = Vec::new();
    for kind in KINDS {
        examples.push(example::fault(kind));
        examples.push(example::nemesis(kind));
        // Each way to end, by the example of its key.
        for key in faults::fault_keys(kind).iter().filter(|key| key.name == "until") {
            let fault: String = example::fault(kind)
                .lines()
                .filter(|line| !line.starts_with("lasts") && !line.starts_with("down_for"))
                .map(|line| format!("{line}\n"))
                .collect();
            examples.push(format!("{fault}{} = {}\n", key.name, key.example));
        }
    }
    examples.extend(EVENTS.iter().map(example::event));
    examples.extend(language::trigger::FAULT_EVENTS.map(|(name, _)| example::fault_event(name)));
    examples.iter().map(|example| example::around("example", example)).collect()
}

#[test]
fn every_example_is_accepted() {
    for source in examples() {
        if let Err(problems) = parse("example.toml", &source) {
            panic!("{problems}\n{source}");
        }
    }
}

#[test]
fn every_word_can_be_asked_for_and_every_list_has_its_words() {
    for entry in entries() {
        let found = lookup(&entry.word).unwrap_or_else(|help| panic!("{}: {help}", entry.word));
        assert!(found.iter().any(|other| other.group == entry.group), "{}", entry.word);
        assert!(!entry.doc.is_empty() && entry.brief().len() <= entry.doc.len(), "{}", entry.word);
    }
    for group in Group::ALL {
        let (code, stdout, _) = sim(&["explain", group.name()]);
        assert_eq!(code, 0);
        for entry in entries().iter().filter(|entry| entry.group == group) {
            assert!(stdout.contains(&format!("  {}", entry.word)), "{}: {stdout}", entry.word);
        }
    }
}

#[test]
fn words_are_explained_with_what_one_needs_to_use_them() {
    for (word, parts) in [
        (
            "power_loss",
            &["a kind of fault (process)", "effect", "down_for = \"2s\"", "[[nemesis]]", "used by:"][..],
        ),
        ("record_acknowledged", &["an event", "a producer's host", "before", "when "]),
        ("leader(orders-0)", &["a target", "Who leads"]),
        ("log.flush.scheduler.interval.ms", &["a broker property", "unset", "milliseconds", "[broker]"]),
        ("replica.lag.time.max.ms", &["30000; 1500 under the compressed time scale"]),
        ("lost-write", &["an anomaly", "violation = \"lost-write\""]),
        ("fault.at", &["a key of [[fault]]", "at = \"1s..3s\"", "without it"]),
        ("by", &["clock_jump", "clock_drift"]),
        ("[limits]", &["a section", "brokers_down"]),
        ("vacuous", &["a verdict", "exit code  4"]),
        ("metadata.max.age.ms", &["a producer property", "a consumer property"]),
        ("when", &["A trigger", "moment = \"before\""]),
    ] {
        let (code, stdout, stderr) = sim(&["explain", word]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{word}");
        for part in parts {
            assert!(stdout.contains(part), "{word} without {part}: {stdout}");
        }
    }
}

#[test]
fn without_a_word_there_is_an_index_and_json_is_one_object_a_line() {
    let (code, index, _) = sim(&["explain"]);
    assert_eq!(code, 0);
    for group in Group::ALL {
        assert!(index.contains(&format!("({}):", group.name())), "{index}");
    }
    for arguments in
        [&["explain", "--format", "json"][..], &["explain", "kill", "G1a", "kinds", "--format", "json"]]
    {
        let (code, stdout, _) = sim(arguments);
        assert_eq!(code, 0);
        for line in stdout.lines() {
            let json: Value = serde_json::from_str(line).unwrap();
            assert!(json["word"].is_string() && json["group"].is_string(), "{line}");
        }
    }
}

#[test]
fn unknown_words_and_wrong_usage_end_with_2() {
    for (arguments, said) in [
        (&["explain", "power_los"][..], "did you mean `power_loss`?"),
        (&["explain", "recrd_appended"], "did you mean `record_appended`?"),
        (&["explain", "scheduler.interval"], "did you mean `log.flush.scheduler.interval.ms`?"),
        (&["explain", "event"], "a key of a trigger"),
        (&["explain", "kill", "xyzzy"], "`cargo sim explain` lists every word"),
        (&["explain", "kill", "--format", "xml"], "invalid value"),
        (&["schema", "more"], "unexpected argument"),
        (&["new"], "NAME"),
        (&["new", "a/b"], "is not a name for a scenario"),
        (&["new", ""], "is not a name for a scenario"),
        (&["new", "..", "--dir", "/tmp"], "is not a name for a scenario"),
        (&["new", "orders.toml"], "write `cargo sim new orders`"),
        (&["new", "x", "--dir", "Cargo.toml"], "cannot write Cargo.toml"),
        (
            &["new", "leader-killed", "--dir", "scenarios/disk"],
            "crash/leader-killed.toml is named `leader-killed` too",
        ),
    ] {
        let (code, stdout, stderr) = sim(arguments);
        if arguments == ["explain", "event"] {
            assert!(code == 0 && stdout.contains(said), "{stdout}{stderr}");
            continue;
        }
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

#[test]
fn help_says_what_each_command_takes() {
    for (command, said) in
        [("explain", "record_acknowledged"), ("new", "never touched"), ("schema", "JSON Schema")]
    {
        let (code, stdout, _) = sim(&[command, "--help"]);
        assert!(code == 0 && stdout.contains(said), "{command}: {stdout}");
    }
}

#[test]
fn a_new_scenario_names_the_schema_and_is_never_overwritten() {
    let place = std::env::temp_dir().join(format!("sim-new-{}", std::process::id()));
    let dir = place.join("scenarios");
    fs::create_dir_all(place.join("schema")).unwrap();
    fs::write(place.join("schema/scenario.schema.json"), "{}").unwrap();
    let dir_text = dir.display().to_string();
    let (code, stdout, stderr) = sim(&["new", "first", "--dir", &dir_text]);
    let file = dir.join("first.toml");
    let path = file.display().to_string();
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(
        stdout.contains(&format!("cargo sim check {path}"))
            && stdout.contains(&format!("cargo sim run {path}"))
    );
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("#:schema ../schema/scenario.schema.json\nname  = \"first\"\n"), "{text}");

    fs::write(&file, "mine").unwrap();
    let (code, _, stderr) = sim(&["new", "first", "--dir", &dir_text]);
    assert!(code == 2 && stderr.contains("is there already"), "{stderr}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    fs::remove_dir_all(&place).unwrap();
}

#[test]
fn a_new_scenario_runs_as_it_stands() {
    let place = std::env::temp_dir().join(format!("sim-new-runs-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let (dir, reports) = (place.display().to_string(), place.join("reports").display().to_string());
    assert_eq!(sim(&["new", "first", "--dir", &dir]).0, 0);
    let path = place.join("first.toml").display().to_string();
    let (code, stdout, stderr) = sim(&["run", &path, "--reports", &reports]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    fs::remove_dir_all(&place).unwrap();
}

#[test]
fn what_a_new_scenario_has_in_comments_is_accepted_too() {
    let text = template("commented", None);
    assert!(text.starts_with("# For an editor"), "{text}");
    let uncommented = text.replace("\n# [[nemesis]]", "\n[[nemesis]]").replace("\n# kind", "\nkind");
    let uncommented = uncommented.replace("\n# every", "\nevery").replace("\n# lasts", "\nlasts");
    assert_eq!(uncommented.matches("\n[[nemesis]]").count(), 1);
    for source in [&text, &uncommented] {
        parse("commented.toml", source).unwrap_or_else(|problems| panic!("{problems}"));
        valid(&validator(), "the template", source);
    }
    let words = text.split("\"\"\"").nth(1).unwrap().split_whitespace().count();
    assert!(20 <= words, "a story of {words} words");
}
