//! How a sweep ends, and a merge: files, lines, exit code.

use std::io::Read;
use std::path::Path;

use crate::cli::args::Format;
use crate::cli::run::severity;
use crate::cli::{EXIT_USAGE, complain, print};
use crate::sweep::human::summary_text;
use crate::sweep::junit::Junit;
use crate::sweep::merge::Problem;
use crate::sweep::store::{self, Kept, StoreError};
use crate::sweep::tally::Tally;

/// Better now than after an hour.
///
/// # Errors
/// Where nothing can be written, in words.
pub(in crate::cli) fn check_places(reports: &Path, junit: Option<&Path>) -> Result<(), String> {
    let refused =
        |what: &str, place: &Path, error| format!("{what} cannot be written to {}: {error}", place.display());
    std::fs::create_dir_all(reports).map_err(|error| refused("reports", reports, error))?;
    if let Some(junit) = junit {
        let parent = junit.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or(Ok(()), std::fs::create_dir_all).map_err(|error| refused("JUnit", junit, error))?;
        may_be_replaced(junit)
            .map_err(|why| format!("JUnit cannot be written to {}: {why}", junit.display()))?;
    }
    Ok(())
}

/// So many bytes tell what kind of XML a file is.
const BEGIN_MAX: u64 = 256;

/// The file is removed now and written in the end: it must be nobody else's. Devices and pipes cannot be replaced.
fn may_be_replaced(junit: &Path) -> Result<(), String> {
    let Ok(metadata) = std::fs::metadata(junit) else { return Ok(()) };
    if metadata.is_dir() {
        return Err("this is a directory".to_owned());
    }
    if !metadata.is_file() {
        return Err("this is no regular file".to_owned());
    }
    let mut begin = Vec::new();
    let read = std::fs::File::open(junit).and_then(|file| file.take(BEGIN_MAX).read_to_end(&mut begin));
    match read {
        Ok(_) if begin.is_empty() || String::from_utf8_lossy(&begin).contains("<testsuites") => Ok(()),
        Ok(_) => Err("there is a file that is no JUnit; remove it, or choose another name".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes and prints what it all came to. The exit code is the worst of all runs, of `codes`, of the problems, and of this.
pub(in crate::cli) fn finish(
    mut tally: Tally,
    (reports, xml): (&Path, Option<&Path>),
    format: Format,
    not_reached: &[(String, u64)],
    problems: &[Problem],
    codes: impl Iterator<Item = u8>,
) -> u8 {
    let summarized = tally.finish().map(drop);
    let why = tally.summary.stopped.as_deref().unwrap_or("not reached");
    let written = xml.map_or(Ok(()), |file| write_junit(file, reports, (not_reached, why), problems));
    match format {
        Format::Human => print(&summary_text(&tally.summary, reports)),
        Format::Json => print(&format!("{}\n", tally.summary.to_json())),
    }
    let failures = [summarized.err(), written.err()].into_iter().flatten().map(|error| {
        complain(&format!("error: {error}\n"));
        EXIT_USAGE
    });
    let own: Vec<u8> = failures.collect();
    let together = problems.iter().map(|problem| problem.verdict.exit_code());
    let codes = codes.chain(together).chain(tally.summary.exit_codes()).chain(own);
    codes.max_by_key(|code| severity(*code)).unwrap_or(0)
}

/// From the file of results: they are not kept in memory.
fn write_junit(
    file: &Path,
    reports: &Path,
    (not_reached, why): (&[(String, u64)], &str),
    problems: &[Problem],
) -> Result<(), StoreError> {
    let mut junit = Junit::default();
    store::each(reports, Kept::Now, |result| {
        junit.add(&result);
        Ok(())
    })?;
    for (scenario, seed) in not_reached {
        junit.add_not_reached(scenario, *seed, why);
    }
    store::replace(file, junit.xml(problems).as_bytes())
}
