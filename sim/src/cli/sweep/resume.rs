//! What need not be run again.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::complain;
use crate::scenario::Scenario;
use crate::sweep::plan::Item;
use crate::sweep::result::{Build, RunResult, hash, key};
use crate::sweep::store::{self, StoreError};

/// A plan of which a part is done.
pub(super) struct Resumed {
    /// What is done.
    pub reused: Vec<RunResult>,
    /// What is left to do.
    pub items: Vec<Item>,
}

/// Takes what is in `reports` for the same scenario text, seed and program, and says so. Runs that did not end in time,
/// and those that were not run `twice` if they should be, are run again.
///
/// # Errors
/// Results that cannot be read, in words.
pub(super) fn resume(
    reports: &Path,
    items: Vec<Item>,
    scenarios: &[Scenario],
    build: &Build,
    twice: bool,
) -> Result<Resumed, String> {
    let found = match store::read(reports) {
        Ok((_, found)) => found,
        Err(StoreError::NoSweep(_)) => {
            complain(&format!("nothing to resume in {}\n", reports.display()));
            return Ok(Resumed { reused: Vec::new(), items });
        }
        Err(error) => return Err(error.to_string()),
    };
    let all = found.len();
    let again = |result: &RunResult| result.is_timeout() || (twice && !result.checked_twice);
    let usable = found.into_iter().filter(|result| !again(result));
    let mut usable: BTreeMap<String, RunResult> = usable.map(|result| (result.key.clone(), result)).collect();
    let hashes: Vec<String> = scenarios.iter().map(|scenario| hash(scenario.source.as_bytes())).collect();
    let (mut reused, mut left) = (Vec::new(), Vec::new());
    for item in items {
        match usable.remove(&key(&hashes[item.scenario], item.seed, build)) {
            Some(result) => reused.push(result),
            None => left.push(item),
        }
    }
    let out = all - reused.len();
    let mut said = format!("{} results reused", reused.len());
    if 0 < out {
        said += &format!(
            ", {out} dropped: of another program or scenario text, not planned, not ended in time, or not checked"
        );
    }
    complain(&format!("{said}\n"));
    Ok(Resumed { reused, items: left })
}
