//! `cargo sim merge`.

use std::collections::BTreeSet;
use std::path::Path;

use super::sweep::args::MergeArguments;
use super::sweep::finish::{check_places, finish};
use super::{EXIT_USAGE, complain};
use crate::report::copy_run_dir;
use crate::sweep::anew::Anew;
use crate::sweep::group::Groups;
use crate::sweep::merge::{Merged, Problem, distinct, merge as unite};
use crate::sweep::result::RunResult;
use crate::sweep::store::{self, Kept, Store, StoreError, lock};
use crate::sweep::summary::Summary;
use crate::sweep::tally::Tally;
use crate::verdict::Verdict;

/// Makes one sweep out of several; the exit code is that of the worst run, or of what they show together.
pub(super) fn merge(arguments: &MergeArguments) -> u8 {
    let merged = unite(&distinct(&arguments.directories)).map_err(|error| error.to_string());
    let written = merged.and_then(|merged| write(arguments, &merged));
    written.unwrap_or_else(|problem| {
        complain(&format!("error: {problem}; nothing was merged\n"));
        EXIT_USAGE
    })
}

fn write(arguments: &MergeArguments, merged: &Merged) -> Result<u8, String> {
    let reports = arguments.reports.as_path();
    check_places(reports, arguments.junit.as_deref())?;
    let in_words = |error: StoreError| error.to_string();
    let lock = lock(reports).map_err(in_words)?;
    let copies = copy_cheapest(merged, reports).map_err(in_words)?;
    let header = merged.header.clone();
    let mut summary = Summary {
        planned: header.planned,
        plan: header.plan.clone(),
        shards: header.shards.clone(),
        incomplete: !merged.problems.is_empty(),
        stopped: stopped(merged),
        ..Summary::default()
    };
    let mut aside = 0;
    let fill = |anew: &mut Anew| {
        merged.each(|_, mut result| {
            result.has_run_dir &= copies.contains(&result.key);
            drop(summary.add(&result, false));
            anew.take(&result)
        })?;
        for kept in [Kept::Now, Kept::Before] {
            store::each_if_any(reports, kept, |result| anew.set_aside(&result))?;
        }
        aside = anew.aside();
        Ok(())
    };
    let store = Store::create(reports, lock, &header, fill).map_err(in_words)?;
    arguments.junit.as_deref().map_or(Ok(()), store::remove).map_err(in_words)?;
    if 0 < aside {
        let place = Kept::Before.path(reports);
        complain(&format!(
            "{aside} results that were there and are no part of this are in {}\n",
            place.display()
        ));
    }
    for warning in &merged.warnings {
        complain(&format!("warning: {warning}\n"));
    }
    for problem in &merged.problems {
        complain(&format!("{}\n", problem.says));
    }
    let places = (reports, arguments.junit.as_deref());
    let tally = Tally::new(reports, store, summary);
    Ok(finish(tally, places, arguments.format, &[], &merged.problems, std::iter::empty()))
}

fn stopped(merged: &Merged) -> Option<String> {
    let unknown = |problem: &&Problem| problem.verdict == Verdict::Unknown;
    let names: Vec<&str> =
        merged.problems.iter().filter(unknown).map(|problem| problem.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("incomplete: {}", names.join(", ")))
}

/// Copies the run directories that are worth keeping; the keys of their runs.
fn copy_cheapest(merged: &Merged, reports: &Path) -> Result<BTreeSet<String>, StoreError> {
    let mut failures = Groups::default();
    merged.each(|_, result| {
        if !result.as_expected {
            drop(failures.add(&result));
        }
        Ok(())
    })?;
    let cheapest: BTreeSet<String> = failures.cheapest_mut().map(|result| result.key.clone()).collect();
    let mut copies = BTreeSet::new();
    merged.each(|directory, result| {
        if cheapest.contains(&result.key) && copied(directory, reports, &result) {
            copies.insert(result.key);
        }
        Ok(())
    })?;
    Ok(copies)
}

/// Whether the files of a run are below `to` now. That they are gone, or cannot be copied, is no reason to lose the rest.
fn copied(from: &Path, to: &Path, result: &RunResult) -> bool {
    if !result.is_in(from) {
        return false;
    }
    let same = |one: &Path, other: &Path| one.canonicalize().ok() == other.canonicalize().ok();
    if same(from, to) {
        return true;
    }
    let (name, seed) = (&result.scenario.name, result.seed);
    let copied = copy_run_dir(&from.join("sweep"), &to.join("sweep"), name, seed);
    if let Err(error) = &copied {
        complain(&format!("warning: failed to copy the files of {name} seed {seed}: {error}\n"));
    }
    copied.is_ok()
}
