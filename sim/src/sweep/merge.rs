//! One sweep out of several: the shards of many machines, or sweeps over different seeds.
//!
//! Files are read twice: first for what is to be counted, and then for that. In between little is kept of each run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::result::{Build, RunResult};
use super::shard::Shard;
use super::store::{self, Header, Kept, StoreError};
use crate::verdict::Verdict;

/// What several directories show together, each run counted once.
#[derive(Debug)]
pub struct Merged {
    /// Of all of them.
    pub header: Header,
    /// What is wrong with all of it together.
    pub problems: Vec<Problem>,
    /// What else is odd. Sentences for people.
    pub warnings: Vec<String>,
    directories: Vec<PathBuf>,
    chosen: BTreeMap<Identity, Seen>,
}

/// Why the results that are there are not the whole truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is about, such as `shard 2/3`.
    pub name: String,
    /// A sentence for people.
    pub says: String,
    /// What it makes of the whole.
    pub verdict: Verdict,
}

/// What a run is, whoever ran it: the scenario's name and text, and the seed.
type Identity = (String, String, u64);

/// Of two results of one run the smaller counts: failures that somebody saw first, and time-outs last.
type Preference = (bool, bool, u64, String, String);

/// A result, and where it stands.
#[derive(Debug)]
struct Seen {
    directory: usize,
    number: u64,
    key: String,
    preference: Preference,
}

impl Seen {
    fn digest(&self) -> &str {
        &self.preference.4
    }

    fn is_timeout(&self) -> bool {
        self.preference.0
    }
}

/// Sweeps of the same plan, or of the same part of it: what one has not reached another may have.
#[derive(Debug, Default)]
struct Part {
    planned: u64,
    found: BTreeSet<Identity>,
    /// Directories with something left to do that nobody decided to leave out.
    died: Vec<String>,
}

/// By plan and shards; the whole has none.
type Parts = BTreeMap<(String, Vec<Shard>), Part>;

/// Reads the sweeps of these directories of reports.
///
/// # Errors
/// A directory without a sweep, or with a damaged one.
pub fn merge(directories: &[PathBuf]) -> Result<Merged, StoreError> {
    let mut chosen: BTreeMap<Identity, Seen> = BTreeMap::new();
    let mut parts = Parts::new();
    let mut plans: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut builds = BTreeSet::new();
    let mut problems = Vec::new();
    for (index, directory) in directories.iter().enumerate() {
        let mut found = BTreeSet::new();
        let mut number = 0;
        let header = store::each(directory, Kept::Now, |result| {
            let identity = identity(&result);
            found.insert(identity.clone());
            number += 1;
            let seen = seen(&result, index, number);
            let other = chosen.get(&identity);
            problems.extend(other.filter(|other| differ(other, &seen)).map(|other| {
                let places = [&directories[other.directory], directory];
                nondeterminism(&result, [other.digest(), seen.digest()], places)
            }));
            if other.is_none_or(|other| seen.preference < other.preference) {
                chosen.insert(identity, seen);
            }
            if !builds.contains(&result.build) {
                builds.insert(result.build);
            }
            Ok(())
        })?;
        let name = directory.display().to_string();
        // Who does not say the plan may have any.
        let plan = if header.plan.is_empty() { name.clone() } else { header.plan.clone() };
        let part = parts.entry((plan.clone(), header.shards.clone())).or_default();
        if (found.len() as u64) < header.planned && !is_complete(directory) {
            part.died.push(name.clone());
        }
        part.planned = part.planned.max(header.planned);
        part.found.append(&mut found);
        plans.entry(plan).or_default().push(name);
    }
    let parts = united(parts);
    let shards: BTreeSet<Shard> = parts.keys().flat_map(|(_, shards)| shards).copied().collect();
    let of_parts = || parts.keys().filter(|(_, shards)| !shards.is_empty()).map(|(plan, _)| plan);
    if 1 < of_parts().collect::<BTreeSet<_>>().len() {
        problems.push(different_plans(&plans));
    }
    let (missing, mut warnings) = missing(&shards);
    problems.extend(missing.iter().map(Problem::missing));
    problems.extend(parts.iter().filter_map(|((_, shards), part)| part.ended_early(shards)));
    warnings.extend(programs(&builds));
    let left: u64 = parts.values().map(Part::left).sum();
    let one = if plans.len() == 1 { plans.into_keys().next() } else { None };
    let planned = chosen.len() as u64 + left;
    let shards = shards.into_iter().collect();
    let header = Header { planned, plan: one.unwrap_or_default(), shards, ..Header::none() };
    Ok(Merged { header, problems, warnings, directories: directories.to_vec(), chosen })
}

/// A part of a plan is within the whole of it, if that is there, too.
fn united(parts: Parts) -> Parts {
    let wholes = parts.keys().filter(|(_, shards)| shards.is_empty()).map(|(plan, _)| plan.clone());
    let wholes: BTreeSet<String> = wholes.collect();
    let within = |plan: &String, shards: &[Shard]| !shards.is_empty() && wholes.contains(plan);
    let (within, mut parts): (Parts, Parts) =
        parts.into_iter().partition(|((plan, shards), _)| within(plan, shards));
    for ((plan, _), mut part) in within {
        let whole = parts.get_mut(&(plan, Vec::new())).expect("only parts of such a plan are within");
        whole.found.append(&mut part.found);
    }
    parts
}

impl Merged {
    /// Each run that counts, with the directory of reports it comes from.
    pub fn each(
        &self,
        mut take: impl FnMut(&Path, RunResult) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for (index, directory) in self.directories.iter().enumerate() {
            let mut number = 0;
            store::each(directory, Kept::Now, |result| {
                number += 1;
                let chosen = self.chosen.get(&identity(&result));
                if chosen.is_some_and(|chosen| (chosen.directory, chosen.number) == (index, number)) {
                    take(directory, result)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl Part {
    fn left(&self) -> u64 {
        self.planned.saturating_sub(self.found.len() as u64)
    }

    fn ended_early(&self, shards: &[Shard]) -> Option<Problem> {
        let (left, died) = (self.left(), self.died.join(", "));
        let shards: Vec<String> = shards.iter().map(|shard| format!("shard {shard}")).collect();
        let name = if shards.is_empty() { died.clone() } else { shards.join(", ") };
        let says =
            format!("{name} ended before {left} of its runs, and nobody had asked for that: see {died}");
        (0 < left && !died.is_empty()).then_some(Problem { name, says, verdict: Verdict::Unknown })
    }
}

impl Problem {
    fn missing(shard: &Shard) -> Problem {
        let says = format!("shard {shard} is missing");
        Problem { name: format!("shard {shard}"), says, verdict: Verdict::Unknown }
    }
}

fn identity(result: &RunResult) -> Identity {
    (result.scenario.name.clone(), result.scenario_hash.clone(), result.seed)
}

fn seen(result: &RunResult, directory: usize, number: u64) -> Seen {
    let RunResult { as_expected, events, build, digest, .. } = result;
    let preference = (result.is_timeout(), *as_expected, *events, build.hash.clone(), digest.clone());
    Seen { directory, number, key: result.key.clone(), preference }
}

/// Whether these show that the same run has come to two ends. Where wall-clock time stopped one, nothing is shown.
fn differ(one: &Seen, other: &Seen) -> bool {
    one.key == other.key && one.digest() != other.digest() && !one.is_timeout() && !other.is_timeout()
}

fn nondeterminism(result: &RunResult, digests: [&str; 2], places: [&PathBuf; 2]) -> Problem {
    let name = format!("{} seed {}", result.scenario.name, result.seed);
    let ([one, other], [here, there]) = (digests, places.map(|place| place.display()));
    let says = format!(
        "nondeterminism: {name} with one and the same program ({}) has digest {one} in {here} and {other} in {there}",
        result.build.hash
    );
    Problem { name, says, verdict: Verdict::HarnessBug }
}

/// Whether the sweep of this directory ended as it was asked to. One that died has written no summary.
fn is_complete(reports: &Path) -> bool {
    let text = std::fs::read(reports.join("sweep/summary.json")).unwrap_or_default();
    serde_json::from_slice::<Value>(&text).is_ok_and(|summary| summary["complete"] == true)
}

fn different_plans(plans: &BTreeMap<String, Vec<String>>) -> Problem {
    let plans: Vec<String> = plans.values().map(|places| places.join(", ")).collect();
    let says = format!(
        "these are shards of different plans - other scenarios, texts, seeds, or another order - and make no whole: {}",
        plans.join(" | ")
    );
    Problem { name: "plans".to_owned(), says, verdict: Verdict::Unknown }
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

fn programs(builds: &BTreeSet<Build>) -> Option<String> {
    let named =
        |build: &Build| format!("{} (commit {})", build.hash, build.commit.as_deref().unwrap_or("unknown"));
    let names: BTreeSet<String> = builds.iter().map(named).collect();
    (1 < names.len()).then(|| {
        format!(
            "results of {} programs: {}; the same seed may come to other ends",
            names.len(),
            words(&names)
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
        let differ = |other: &RunResult| differ(&seen(&one, 0, 1), &seen(other, 1, 1));
        assert!(!differ(&other));
        other.digest = "another".to_owned();
        assert!(differ(&other));
        other.key = "of another program".to_owned();
        assert!(!differ(&other));
    }

    #[test]
    fn a_part_of_a_whole_that_is_there_plans_nothing_more() {
        let part = |planned: u64, found: &[u64]| {
            let run = |seed: &u64| ("a".to_owned(), String::new(), *seed);
            Part { planned, found: found.iter().map(run).collect(), died: Vec::new() }
        };
        let key = |plan: &str, shards: &[&str]| {
            let shards = shards.iter().map(|shard| shard.parse().unwrap()).collect();
            (plan.to_owned(), shards)
        };
        let parts = united(Parts::from([
            (key("x", &[]), part(4, &[1, 2])),
            (key("x", &["1/2"]), part(2, &[1, 3])),
            (key("y", &["1/2"]), part(2, &[1])),
        ]));
        let left: Vec<_> = parts.iter().map(|(key, part)| (key.clone(), part.left())).collect();
        assert_eq!(left, [(key("x", &[]), 1), (key("y", &["1/2"]), 1)]);
    }
}
