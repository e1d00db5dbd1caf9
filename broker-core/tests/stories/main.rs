//! Runs the golden scripts of `broker-core/stories`: one per rule of the protocol, driven by hand.
//!
//! A script holds commands and, after `---`, what they printed. The world it drives has a controller, brokers and clients -
//! the real state machines - but no time, network or disk of its own:
//!
//! * The clock moves only with `run`.
//! * A message arrives at once unless a `hold` or a `cut` says otherwise. Each request has a connection of its own.
//! * A flush is done at once unless the disk is held.
//!
//! Commands are listed in [`commands`]; `broker-core/README.md` lists the rules with their stories, and [`table`] checks that
//! neither misses one. After a change of behaviour `UPDATE_GOLDENFILES=1 cargo test -p broker-core --test stories`
//! writes what is printed now; read the difference before it is committed.

mod args;
mod by_hand;
mod clients;
mod commands;
mod controller;
mod disk;
mod network;
mod show;
mod table;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// Where the scripts are.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stories")
}

/// All scripts below the directory, by their path in it, sorted.
fn scripts() -> Vec<String> {
    let mut found = Vec::new();
    for section in names(&directory()) {
        let stories = names(&directory().join(&section)).into_iter().filter(|name| name.ends_with(".story"));
        found.extend(stories.map(|name| format!("{section}/{name}")));
    }
    found
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{directory:?}: {error}"));
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn run(script: &str) -> Result<(), Failed> {
    goldenscript::run(&mut world::World::new(), directory().join(script)).map_err(Failed::from)
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = scripts()
        .into_iter()
        .map(|script| Trial::test(script.trim_end_matches(".story").to_owned(), move || run(&script)))
        .collect();
    trials.extend(table::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
