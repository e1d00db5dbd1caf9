//! `cargo sim new`.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::args::NewArguments;
use super::{EXIT_USAGE, complain, print};
use crate::language::form::Form;
use crate::language::{example, template};
use crate::scenario::{self, Diagnostic};

const SCHEMA: &str = "schema/scenario.schema.json";

/// Writes the file and says what to do with it.
pub(super) fn new(arguments: &NewArguments) -> u8 {
    match write(arguments) {
        Ok(path) => {
            let path = path.display();
            print(&format!("wrote {path}; next:\n\n  cargo sim check {path}\n  cargo sim run {path}\n"));
            0
        }
        Err(problem) => {
            complain(&format!("error: {problem}\n"));
            EXIT_USAGE
        }
    }
}

fn write(arguments: &NewArguments) -> Result<PathBuf, String> {
    let NewArguments { name, dir } = arguments;
    if let Some(stem) = name.strip_suffix(".toml") {
        return Err(format!("the name is without `.toml`: write `cargo sim new {stem}`"));
    }
    // The reader knows what a name is.
    if let Err(problems) = scenario::parse("template", &example::around(name, "")) {
        let problem = problems.iter().next().map_or("", Diagnostic::message);
        return Err(format!("{problem}; it takes {}", Form::FileName.describe()));
    }
    let path = dir.join(format!("{name}.toml"));
    if let Some(other) = taken(name, &path) {
        let other = other.display();
        return Err(format!(
            "{other} is named `{name}` too: the reports of one would replace those of the other"
        ));
    }
    let unwritable = |path: &Path, error: io::Error| format!("cannot write {}: {error}", path.display());
    std::fs::create_dir_all(dir).map_err(|error| unwritable(dir, error))?;
    let text = template(name, schema_from(dir).as_deref());
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                format!("{} is there already and is left as it is", path.display())
            }
            _ => unwritable(&path, error),
        })?;
    file.write_all(text.as_bytes()).map_err(|error| unwritable(&path, error))?;
    Ok(path)
}

/// Another scenario of this name below the same `scenarios/`.
fn taken(name: &str, path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let root = absolute.ancestors().find(|above| above.ends_with("scenarios"))?.to_owned();
    let mut others = scenario::discover(&[root]).ok()?.into_iter().filter(|other| *other != absolute);
    // What cannot be read has no name yet.
    others.find(|other| scenario::load(other).is_ok_and(|other| other.name == name))
}

/// The way to the schema from a directory, if it or one above has it.
fn schema_from(dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let depth = dir.ancestors().position(|above| above.join(SCHEMA).is_file())?;
    Some(format!("{}{SCHEMA}", "../".repeat(depth)))
}
