//! Failures that are the same.

use std::collections::{BTreeMap, BTreeSet};

use super::result::RunResult;

/// The results with one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many there are.
    pub count: u64,
    /// How many of them break a promise.
    pub within_contract: u64,
    /// Names of their scenarios: one bug may be seen from several.
    pub scenarios: BTreeSet<String>,
    /// Everything that was found in any of them.
    pub anomalies: BTreeSet<String>,
    /// The one to look at.
    pub cheapest: RunResult,
}

/// Results by signature.
///
/// Invariant: the groups are the same in whichever order results were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(BTreeMap<String, Group>);

/// What a result is to its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first of it.
    First,
    /// Cheaper than all before.
    Cheapest,
    /// One more.
    Another,
}

impl Groups {
    /// What `result` would be if it were added now. `None`: it has no signature and belongs to no group.
    pub fn place(&self, result: &RunResult) -> Option<Place> {
        let group = self.0.get(result.signature.as_ref()?);
        Some(match group {
            None => Place::First,
            Some(group) if cost(result) < cost(&group.cheapest) => Place::Cheapest,
            Some(_) => Place::Another,
        })
    }

    /// Adds it to its group, if it belongs to one. Returns the one that was the cheapest until now.
    pub fn add(&mut self, result: &RunResult) -> Option<RunResult> {
        let place = self.place(result)?;
        let signature = result.signature.clone()?;
        let group = self.0.entry(signature).or_insert_with(|| Group {
            count: 0,
            within_contract: 0,
            scenarios: BTreeSet::new(),
            anomalies: BTreeSet::new(),
            cheapest: result.clone(),
        });
        group.count += 1;
        group.within_contract += u64::from(result.within_contract);
        group.scenarios.insert(result.scenario.name.clone());
        group.anomalies.extend(result.anomalies.iter().cloned());
        (place == Place::Cheapest).then(|| std::mem::replace(&mut group.cheapest, result.clone()))
    }

    /// Makes this the cheapest of its group again: of the one that is cheaper there are no files.
    pub fn put_back(&mut self, cheapest: RunResult) {
        let signature = cheapest.signature.as_ref();
        if let Some(group) = signature.and_then(|signature| self.0.get_mut(signature)) {
            group.cheapest = cheapest;
        }
    }

    /// Signature and group: those that break a promise before those that do not, then those met most often.
    pub fn by_count(&self) -> Vec<(&str, &Group)> {
        let mut groups: Vec<_> =
            self.0.iter().map(|(signature, group)| (signature.as_str(), group)).collect();
        groups.sort_by_key(|(_, group)| std::cmp::Reverse((0 < group.within_contract, group.count)));
        groups
    }

    /// The cheapest of each group.
    pub fn cheapest_mut(&mut self) -> impl Iterator<Item = &mut RunResult> {
        self.0.values_mut().map(|group| &mut group.cheapest)
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whoever looks for the cause reads events, and learns least where there are none: of a run that never came back. What
/// comes after only settles who comes first.
fn cost(result: &RunResult) -> (u64, u64, &str) {
    let events = if result.events == 0 { u64::MAX } else { result.events };
    (events, result.seed, &result.scenario.name)
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::result;
    use super::*;

    #[test]
    fn the_order_of_arrival_changes_nothing() {
        let results = [
            result("a", 1, Some("lost"), 50),
            result("a", 2, Some("lost"), 40),
            result("b", 2, Some("lost"), 40),
            result("b", 1, Some("lost"), 40),
            result("b", 3, Some("twice"), 7),
            result("b", 4, None, 1),
        ];
        let mut expected = Groups::default();
        results.iter().for_each(|result| drop(expected.add(result)));
        for start in 0..results.len() {
            for step in [1, 5] {
                let mut groups = Groups::default();
                for index in 0..results.len() {
                    groups.add(&results[(start + index * step) % results.len()]);
                }
                assert_eq!(groups, expected, "from {start} in steps of {step}");
            }
        }
        let bug = RunResult { within_contract: true, ..result("a", 9, Some("bug"), 9) };
        let mut with_bug = expected.clone();
        with_bug.add(&bug);
        let first = with_bug.by_count()[0];
        assert_eq!((first.0, first.1.within_contract), ("bug", 1), "however seldom it is met");
        let groups = expected.by_count();
        assert_eq!(groups[0].0, "lost");
        assert_eq!(groups[0].1.cheapest, results[3], "fewest events, then the smallest seed");
        assert_eq!(groups[0].1.scenarios.iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((groups[1].1.count, groups.len()), (1, 2));
    }

    #[test]
    fn whoever_was_the_cheapest_is_handed_back() {
        let mut groups = Groups::default();
        let (first, dearer, cheaper) =
            (result("a", 1, Some("x"), 5), result("a", 2, Some("x"), 6), result("a", 3, Some("x"), 4));
        assert_eq!(groups.place(&first), Some(Place::First));
        assert_eq!(groups.add(&first), None);
        assert_eq!((groups.place(&dearer), groups.add(&dearer)), (Some(Place::Another), None));
        assert_eq!((groups.place(&cheaper), groups.add(&cheaper)), (Some(Place::Cheapest), Some(first)));
        assert_eq!(groups.place(&result("a", 4, None, 1)), None);
        let without_events = result("a", 4, Some("x"), 0);
        assert_eq!(groups.place(&without_events), Some(Place::Another), "it leaves nothing to look at");
    }
}
