//! Which files are scenarios.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::diagnostic::Diagnostics;

/// The scenario files among `paths`: a file is one itself, a directory stands for every `*.toml` below it. Sorted,
/// and each file once.
///
/// # Errors
/// With every path that is missing or cannot be read.
pub fn discover(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Diagnostics> {
    let mut found = Vec::new();
    let mut problems: Option<Diagnostics> = None;
    for path in paths {
        let result = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => below(path, &mut found),
            Ok(_) => {
                found.push(path.clone());
                Ok(())
            }
            Err(error) => Err(problem(path, &error)),
        };
        if let Err(error) = result {
            match &mut problems {
                Some(problems) => problems.merge(error),
                None => problems = Some(error),
            }
        }
    }
    found.sort();
    // The same file may be named in several ways.
    let mut seen = BTreeSet::new();
    found.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    problems.map_or(Ok(found), Err)
}

fn below(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), Diagnostics> {
    let failed = |error: io::Error| problem(directory, &error);
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // Links are not followed, so that the walk ends.
        if entry.file_type().map_err(failed)?.is_dir() {
            below(&entry.path(), found)?;
        } else if entry.path().extension().is_some_and(|extension| extension == "toml") {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn problem(path: &Path, error: &io::Error) -> Diagnostics {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        _ => format!("failed to read this: {error}"),
    };
    Diagnostics::file(&path.display().to_string(), reason)
}
