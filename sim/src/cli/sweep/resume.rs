//! What need not be run again, and what must not get lost when a sweep begins.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::complain;
use crate::sweep::anew::Anew;
use crate::sweep::plan::Item;
use crate::sweep::result::{Build, RunResult, key};
use crate::sweep::store::{self, Header, Kept, StoreError};
use crate::sweep::summary::Summary;

/// Takes what is in `reports` for the same scenario text, seed and program, counts it, and returns what is left to do.
/// Everything else is put aside, and that is said: results of other programs, scenario texts, seeds and shards, runs that
/// did not end in time, and those that were not run `twice` if they should be.
pub(super) fn resume(
    (reports, anew): (&Path, &mut Anew),
    summary: &mut Summary,
    (items, hashes): (&[Item], &[String]),
    build: &Build,
    twice: bool,
) -> Result<Vec<Item>, StoreError> {
    let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        wanted.insert(key(&hashes[item.scenario], item.seed, build), index);
    }
    let mut done = vec![false; items.len()];
    let mut sort = |result: RunResult| {
        let again = result.is_timeout() || (twice && !result.checked_twice);
        match wanted.get(&result.key).filter(|_| !again) {
            Some(index) if !done[*index] => {
                done[*index] = true;
                drop(summary.add(&result, true));
                anew.take(&result)
            }
            _ => anew.set_aside(&result),
        }
    };
    let mut found = store::each_if_any(reports, Kept::Now, &mut sort)?;
    found |= store::each_if_any(reports, Kept::Before, &mut sort)?;
    if !found {
        complain(&format!("nothing to resume in {}\n", reports.display()));
    } else {
        let mut said = format!("{} results reused", summary.reused);
        if 0 < anew.aside() {
            said += &format!(
                ", {} kept in {}: of another program or scenario text, not planned now, not ended in time, or not checked",
                anew.aside(),
                Kept::Before.path(reports).display()
            );
        }
        complain(&format!("{said}\n"));
    }
    Ok(items.iter().zip(done).filter(|(_, done)| !done).map(|(item, _)| *item).collect())
}

/// Makes room for a sweep that takes nothing over.
///
/// # Errors
/// The results there are another part of a whole that somebody is collecting, or they cannot be moved; in words.
pub(super) fn make_room(reports: &Path, header: &Header) -> Result<(), String> {
    let known = store::header(reports).ok();
    if let Some(other) = known.filter(|known| !known.shards.is_empty() && !header.shards.is_empty())
        && other.shards != header.shards
    {
        let names: Vec<String> = other.shards.iter().map(ToString::to_string).collect();
        return Err(format!(
            "{} holds shard {}: give each shard its own --reports, so that cargo sim merge can unite them, or keep its \
             results with --resume",
            reports.display(),
            names.join(", ")
        ));
    }
    if let Some(place) = store::set_aside(reports).map_err(|error| error.to_string())? {
        complain(&format!("the results of the sweep before are in {} now\n", place.display()));
    }
    Ok(())
}
