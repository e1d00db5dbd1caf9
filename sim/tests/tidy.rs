//! Rules of the house that a compiler does not know.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sim::checker::Anomaly;
use sim::scenario::{discover, load};

const LINES_MAX: usize = 500;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Every Rust file below `folder`, with its path relative to the workspace.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![workspace().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(workspace()).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found.sort();
    found
}

#[test]
fn files_are_short_and_say_what_they_are_about() {
    for folder in ["broker-core/src", "broker-core/tests", "sim/src", "sim/tests", "sim/benches"] {
        for (name, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= LINES_MAX, "{name} has {lines} lines: which second idea does it hide?");
            assert!(text.starts_with("//!"), "{name} does not begin with what it is about");
        }
    }
}

/// Which folder must not name which module.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("broker-core/src/log", &["crate::replica", "crate::broker", "crate::controller", "crate::client"]),
    ("broker-core/src/metadata", &["crate::replica", "crate::broker", "crate::controller", "crate::client"]),
    ("broker-core/src/replica", &["crate::broker", "crate::controller", "crate::client", "kafka_protocol"]),
    ("broker-core/src/controller", &["crate::replica", "crate::broker", "crate::client"]),
    (
        "broker-core/src/client",
        &["crate::replica", "crate::broker", "crate::controller", "crate::log", "crate::metadata"],
    ),
    ("sim/src/history", &["crate::nemesis", "crate::workload", "crate::cluster", "crate::scenario"]),
    ("sim/src/checker", &["crate::nemesis", "crate::workload", "crate::cluster", "crate::scenario"]),
    (
        "sim/src/contract",
        &["crate::nemesis", "crate::workload", "crate::cluster", "crate::scenario", "crate::run"],
    ),
    ("sim/src/oracle", &["crate::nemesis", "crate::workload", "crate::cluster", "crate::scenario"]),
    (
        "sim/src/explain",
        &[
            "crate::nemesis",
            "crate::workload",
            "crate::cluster",
            "crate::scenario",
            "crate::run",
            "crate::report",
        ],
    ),
    ("sim/src/nemesis", &["crate::checker", "crate::oracle", "crate::history", "crate::scenario"]),
    ("sim/src/workload", &["crate::checker", "crate::oracle", "crate::nemesis"]),
    ("sim/src/cluster", &["crate::checker", "crate::oracle", "crate::nemesis"]),
];

#[test]
fn arrows_go_one_way() {
    for (folder, forbidden) in FORBIDDEN {
        // Tests may look at a thing from both sides.
        for (name, text) in sources(folder).into_iter().filter(|(name, _)| !name.contains("/tests/")) {
            for (number, line) in
                text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
            {
                for module in *forbidden {
                    assert!(!line.contains(module), "{name}:{} names {module}", number + 1);
                }
            }
        }
    }
}

#[test]
fn only_the_adapter_and_the_cluster_touch_turmoil() {
    let owners = [
        "sim/src/cluster/build.rs",
        "sim/src/cluster/control.rs",
        "sim/src/cluster/host.rs",
        "sim/src/cluster/links/",
        "sim/src/cluster/turmoil_platform.rs",
        "sim/src/cluster/disk/",
    ];
    for (name, text) in sources("sim/src") {
        let names_it =
            text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("turmoil::"));
        assert!(!names_it || owners.iter().any(|owner| name.starts_with(owner)), "{name} names turmoil");
    }
}

#[test]
fn every_scenario_tells_its_story_under_its_own_name() {
    let paths = discover(&[workspace().join("scenarios")]).unwrap();
    assert!(20 <= paths.len(), "{} scenarios", paths.len());
    for path in paths {
        let scenario = load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let file = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(scenario.name, file, "{}", path.display());
        let words = scenario.story.split_whitespace().count();
        assert!(20 <= words, "{} tells {words} words", path.display());
    }
}

/// The folder of a shipped scenario, and its name.
fn group_and_name(path: &Path) -> (String, String) {
    let text = |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).unwrap().to_owned();
    (text(path.parent().unwrap().file_name()), text(path.file_stem()))
}

#[test]
fn every_scenario_belongs_to_a_group_and_is_the_only_one_of_its_name() {
    let folders = fs::read_to_string(workspace().join("scenarios/README.md")).unwrap();
    let mut names = BTreeSet::new();
    for path in discover(&[workspace().join("scenarios")]).unwrap() {
        let (group, name) = group_and_name(&path);
        assert!(
            folders.contains(&format!("| `{group}/` |")),
            "scenarios/README.md does not explain {group}/"
        );
        assert!(names.insert(name), "{}: another group has a scenario of this name", path.display());
        if group == "historical" {
            let story = load(&path).unwrap().story;
            let source = ["KIP-", "KAFKA-"].iter().any(|source| story.contains(source));
            assert!(source, "{} does not say where it comes from", path.display());
        }
    }
}

#[test]
fn the_readme_explains_every_anomaly_and_every_scenario() {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    for anomaly in Anomaly::ALL {
        assert!(readme.contains(&format!("| `{anomaly}` |")), "the README does not explain {anomaly}");
    }
    for path in discover(&[workspace().join("scenarios")]).unwrap() {
        let (group, name) = group_and_name(&path);
        let kept = group == "regressions";
        assert!(kept || readme.contains(&format!("`{name}`")), "the README does not list {name}");
        assert!(readme.contains(&format!("`{group}/`")), "the README does not explain {group}/");
    }
}
