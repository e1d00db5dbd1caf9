//! `cargo sim merge`.

use std::path::{Path, PathBuf};

use super::sweep::args::MergeArguments;
use super::sweep::finish::{check_places, finish};
use super::{EXIT_USAGE, complain};
use crate::report::copy_run_dir;
use crate::sweep::group::Groups;
use crate::sweep::merge::{Merged, distinct, merge as unite};
use crate::sweep::result::RunResult;
use crate::sweep::store::{Store, StoreError, lock};
use crate::sweep::summary::Summary;
use crate::sweep::tally::Tally;
use crate::verdict::Verdict;

/// Makes one sweep out of several; the exit code is that of the worst run, or of what they show together.
pub(super) fn merge(arguments: &MergeArguments) -> u8 {
    let merged = unite(&distinct(&arguments.directories)).map_err(|error| error.to_string());
    let written = merged.and_then(|merged| write(arguments, merged));
    written.unwrap_or_else(|problem| {
        complain(&format!("error: {problem}; nothing was merged\n"));
        EXIT_USAGE
    })
}

fn write(arguments: &MergeArguments, merged: Merged) -> Result<u8, String> {
    let Merged { header, results, nondeterminism, warnings, missing } = merged;
    let reports = arguments.reports.as_path();
    check_places(reports, arguments.junit.as_deref())?;
    let in_words = |error: StoreError| error.to_string();
    let lock = lock(reports).map_err(in_words)?;
    let mut failures = Groups::default();
    for (_, result) in results.iter().filter(|(_, result)| !result.as_expected) {
        drop(failures.add(result));
    }
    let cheapest: Vec<String> = failures.cheapest_mut().map(|result| result.key.clone()).collect();
    let keep = |(directory, mut result): (PathBuf, RunResult)| {
        result.has_run_dir &= cheapest.contains(&result.key) && copied(&directory, reports, &result);
        result
    };
    let results: Vec<RunResult> = results.into_iter().map(keep).collect();
    let store = Store::create(reports, lock, &header, &results).map_err(in_words)?;
    let summary = Summary {
        planned: header.planned,
        shards: header.shards,
        stopped: (!missing.is_empty()).then(|| "shards are missing".to_owned()),
        ..Summary::default()
    };
    let mut tally = Tally::new(reports, store, summary, &results);
    // Nobody has run anything here; that goes without saying.
    tally.summary.reused = 0;
    let mut codes = Vec::new();
    for warning in warnings {
        complain(&format!("warning: {warning}\n"));
    }
    for shard in &missing {
        complain(&format!("shard {shard} is missing\n"));
        codes.push(Verdict::Unknown.exit_code());
    }
    for line in &nondeterminism {
        complain(&format!("nondeterminism: {line}\n"));
        codes.push(Verdict::HarnessBug.exit_code());
    }
    let places = (reports, arguments.junit.as_deref());
    Ok(finish(tally, places, arguments.format, &[], codes.into_iter()))
}

/// Whether the files of a run are below `to` now. That they are gone, or cannot be copied, is no reason to lose the rest.
fn copied(from: &Path, to: &Path, result: &RunResult) -> bool {
    let Some(place) = result.run_dir().filter(|place| from.join(place).is_dir()) else { return false };
    let same = |one: &Path, other: &Path| one.canonicalize().ok() == other.canonicalize().ok();
    if same(from, to) {
        return true;
    }
    let copied = copy_run_dir(from, to, &result.scenario.name, result.seed);
    if let Err(error) = &copied {
        complain(&format!("warning: failed to copy {}: {error}\n", place.display()));
    }
    copied.is_ok()
}
