//! What a sweep is going to run, and in which order.

use crate::scenario::Scenario;
use crate::seed::{Seed, SeedRange};

use super::shard::Shard;
use crate::report::hash;

/// Seeds of a sweep that nobody gave any.
pub const DEFAULT_SEEDS: std::ops::Range<u64> = 1..21;

/// One run to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Index of the scenario.
    pub scenario: usize,
    /// Its seed.
    pub seed: Seed,
}

/// Nobody waits for more, and the list of them has to fit into memory.
const RUNS_MAX: u64 = 10_000_000;

/// Every scenario with every seed; of these, what belongs to `shard`.
///
/// The first seed of all scenarios comes before the second of any, so that whatever stops a sweep early has stopped all
/// scenarios equally early. A scenario with a `seed` of its own is the record of a run: it is run once, with that one,
/// unless `seeds` are given.
///
/// Shards take turns: machine and scenario would go together if the number of one divides that of the other.
///
/// # Errors
/// These are too many; in words.
pub fn plan(
    scenarios: &[Scenario],
    seeds: Option<&SeedRange>,
    shard: Option<Shard>,
) -> Result<Vec<Item>, String> {
    let range = range(seeds);
    let runs = (range.end - range.start).saturating_mul(scenarios.len() as u64);
    if RUNS_MAX < runs {
        return Err(format!("these are {runs} runs, and {RUNS_MAX} is the most: name fewer seeds"));
    }
    let first = range.start;
    let of_seed = |seed: u64| {
        scenarios.iter().enumerate().filter_map(move |(scenario, file)| {
            match file.seed.filter(|_| seeds.is_none()) {
                None => Some(Item { scenario, seed: Seed(seed) }),
                Some(own) => (seed == first).then_some(Item { scenario, seed: own }),
            }
        })
    };
    let Some(shard) = shard else { return Ok(range.flat_map(of_seed).collect()) };
    let of_seed = |(row, seed): (u64, u64)| {
        let mut items: Vec<Item> = of_seed(seed).collect();
        let turns = shard.turns(row, items.len());
        items.rotate_left(turns);
        items
    };
    Ok(shard.of((0..).zip(range).flat_map(of_seed)).collect())
}

/// Hash of all that decides [`plan`], but for the shard: shards make a whole only if they have it in common.
pub fn plan_hash(scenarios: &[Scenario], seeds: Option<&SeedRange>) -> String {
    let mut text = format!("{:?}", range(seeds));
    for scenario in scenarios {
        let own = scenario.seed.filter(|_| seeds.is_none()).map(|seed| seed.0);
        text += &format!(" {} {own:?}", hash(scenario.source.as_bytes()));
    }
    hash(text.as_bytes())
}

fn range(seeds: Option<&SeedRange>) -> std::ops::Range<u64> {
    seeds.map_or(DEFAULT_SEEDS, |seeds| seeds.0.clone())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn scenarios() -> Vec<Scenario> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/crash/leader-killed.toml");
        let scenario = crate::scenario::load(&path).unwrap();
        let recorded = Scenario { name: "recorded".to_owned(), seed: Some(Seed(7)), ..scenario.clone() };
        vec![scenario.clone(), recorded, Scenario { name: "third".to_owned(), ..scenario }]
    }

    fn planned(seeds: Option<&str>, shard: Option<&str>) -> Vec<(usize, u64)> {
        let seeds = seeds.map(|text| text.parse().unwrap());
        let shard = shard.map(|text| text.parse().unwrap());
        let items = plan(&scenarios(), seeds.as_ref(), shard).unwrap();
        items.into_iter().map(|item| (item.scenario, item.seed.0)).collect()
    }

    #[test]
    fn every_scenario_has_its_first_seed_before_any_has_its_second() {
        assert_eq!(planned(Some("5..7"), None), [(0, 5), (1, 5), (2, 5), (0, 6), (1, 6), (2, 6)]);
    }

    #[test]
    fn a_recorded_run_is_run_once_with_its_own_seed_unless_seeds_are_given() {
        let planned = planned(None, None);
        assert_eq!(planned[..4], [(0, 1), (1, 7), (2, 1), (0, 2)]);
        assert_eq!(planned.len(), 41);
    }

    #[test]
    fn more_than_anybody_waits_for_is_refused() {
        let all = format!("0..{}", u64::MAX).parse().unwrap();
        assert!(plan(&scenarios(), Some(&all), None).unwrap_err().contains("fewer seeds"));
    }

    #[test]
    fn shards_share_everything_and_nothing_twice() {
        let whole = planned(Some("4"), None);
        let shards = ["1/5", "2/5", "3/5", "4/5", "5/5"].map(|shard| planned(Some("4"), Some(shard)));
        let mut together = shards.concat();
        assert_eq!(together.len(), whole.len());
        together.sort_unstable();
        let mut sorted = whole;
        sorted.sort_unstable();
        assert_eq!(together, sorted);
    }

    #[test]
    fn every_shard_meets_every_scenario() {
        for (shards, seeds) in [(2, "6"), (3, "3"), (4, "8"), (6, "6")] {
            for shard in 1..=shards {
                let mut met: Vec<usize> = planned(Some(seeds), Some(&format!("{shard}/{shards}")))
                    .iter()
                    .map(|run| run.0)
                    .collect();
                met.sort_unstable();
                met.dedup();
                assert_eq!(met, [0, 1, 2], "shard {shard}/{shards} of {seeds} seeds");
            }
        }
    }

    #[test]
    fn another_text_order_or_range_is_another_plan() {
        let (one, seeds) = (scenarios(), "3".parse().unwrap());
        let mut other = scenarios();
        other[1].source = "changed".into();
        let mut turned = other.clone();
        turned.swap(0, 1);
        let range = "2..4".parse().unwrap();
        let hashes = [
            plan_hash(&one, Some(&seeds)),
            plan_hash(&one, None),
            plan_hash(&one, Some(&range)),
            plan_hash(&other, Some(&seeds)),
            plan_hash(&turned, Some(&seeds)),
        ];
        for (index, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..index].contains(hash), "{hashes:?}");
        }
    }
}
