//! One sweep out of several: the shards of many machines, or sweeps over different seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::result::RunResult;
use super::shard::Shard;
use super::store::{self, Header, StoreError};

/// Results of several directories, each run once.
#[derive(Debug)]
pub struct Merged {
    /// Of all of them.
    pub header: Header,
    /// Each run with the directory of reports it comes from; by scenario and seed.
    pub results: Vec<(PathBuf, RunResult)>,
    /// Runs that one program did twice, with different digests. Sentences for people.
    pub nondeterminism: Vec<String>,
    /// What else is odd. Sentences for people.
    pub warnings: Vec<String>,
    /// Shards that nobody brought.
    pub missing: Vec<Shard>,
}

/// What a run is, whoever ran it: the scenario's text and the seed.
type Identity = (String, String, u64);

/// Reads and unites the sweeps of these directories of reports.
///
/// # Errors
/// A directory without a sweep, or with a damaged one.
pub fn merge(directories: &[PathBuf]) -> Result<Merged, StoreError> {
    let mut results: BTreeMap<Identity, (PathBuf, RunResult)> = BTreeMap::new();
    let (mut nondeterminism, mut not_reached) = (Vec::new(), 0);
    let mut shards = BTreeSet::new();
    for directory in directories {
        let (header, found) = store::read(directory)?;
        not_reached += header.planned.saturating_sub(found.len() as u64);
        shards.extend(header.shards);
        for result in found {
            let identity = (result.scenario.name.clone(), result.scenario_hash.clone(), result.seed);
            let Some((other_directory, other)) = results.get(&identity) else {
                results.insert(identity, (directory.clone(), result));
                continue;
            };
            if differ(other, &result) {
                nondeterminism.push(format!(
                    "{} seed {} with one and the same program ({}) has digest {} in {} and {} in {}",
                    result.scenario.name,
                    result.seed,
                    result.build.hash,
                    other.digest,
                    other_directory.display(),
                    result.digest,
                    directory.display()
                ));
            }
            if preference(&result) < preference(other) {
                results.insert(identity, (directory.clone(), result));
            }
        }
    }
    let results: Vec<_> = results.into_values().collect();
    let planned = results.len() as u64 + not_reached;
    let (missing, mut warnings) = missing(&shards);
    warnings.extend(programs(&results));
    let header = Header { version: Header::VERSION, planned, shards: shards.into_iter().collect() };
    Ok(Merged { header, results, nondeterminism, warnings, missing })
}

/// Whether these show that the same run has come to two ends. Where wall-clock time stopped one, nothing is shown.
fn differ(one: &RunResult, other: &RunResult) -> bool {
    one.key == other.key && one.digest != other.digest && !one.is_timeout() && !other.is_timeout()
}

/// Of two results of one run the smaller counts: failures that somebody saw first, and time-outs last.
fn preference(result: &RunResult) -> (bool, bool, u64, &str, &str) {
    (result.is_timeout(), result.as_expected, result.events, &result.build.hash, &result.digest)
}

/// Shards that are not there, and a warning if they are parts of different wholes.
fn missing(shards: &BTreeSet<Shard>) -> (Vec<Shard>, Vec<String>) {
    let counts: BTreeSet<u32> = shards.iter().map(|shard| shard.count).collect();
    let mut missing = Vec::new();
    for count in &counts {
        let all = (1..=*count).map(|index| Shard { count: *count, index });
        missing.extend(all.filter(|shard| !shards.contains(shard)));
    }
    let differ = 1 < counts.len();
    let warning = || format!("shards of different wholes: {}", words(shards));
    (missing, differ.then(warning).into_iter().collect())
}

fn programs(results: &[(PathBuf, RunResult)]) -> Option<String> {
    let builds: BTreeSet<String> = results
        .iter()
        .map(|(_, result)| {
            let commit = result.build.commit.as_deref().unwrap_or("unknown");
            format!("{} (commit {commit})", result.build.hash)
        })
        .collect();
    (1 < builds.len()).then(|| {
        format!(
            "results of {} programs: {}; the same seed may come to other ends",
            builds.len(),
            words(&builds)
        )
    })
}

fn words(things: &BTreeSet<impl ToString>) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The same directory under two names would be counted twice as planned.
pub fn distinct(directories: &[PathBuf]) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    directories.iter().filter(|path| seen.insert(real(path))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::result;
    use super::*;

    fn shards(texts: &[&str]) -> BTreeSet<Shard> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn missing_shards_are_named() {
        let (absent, warnings) = missing(&shards(&["1/3", "3/3"]));
        assert_eq!((absent, warnings.len()), (vec!["2/3".parse().unwrap()], 0));
        assert_eq!(missing(&shards(&[])), (vec![], vec![]));
        assert_eq!(missing(&shards(&["1/1", "1/2", "2/2"])).1.len(), 1);
    }

    #[test]
    fn only_the_same_program_shows_nondeterminism() {
        let (one, mut other) = (result("a", 1, None, 3), result("a", 1, None, 3));
        assert!(!differ(&one, &other));
        other.digest = "another".to_owned();
        assert!(differ(&one, &other));
        other.key = "of another program".to_owned();
        assert!(!differ(&one, &other));
    }
}
