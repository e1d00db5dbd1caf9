//! A disk that is full takes exactly what fits, and whatever is cut or removed makes exactly its own room.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, contextualize_config};

use super::*;
use crate::cluster::disk::errors::ENOSPC;
use crate::cluster::disk::{DiskEffect, DiskFault};

const PATHS: [&str; 3] = ["a", "t-0/a", "t-0/b"];

#[derive(Clone, Debug)]
enum Op {
    Append { path: usize, len: usize },
    Truncate { path: usize, permille: usize },
    Remove { path: usize },
    Replace { path: usize, len: usize },
    Flush { path: usize },
    Kill,
    PowerLoss { unsynced: Unsynced },
    Begin { free: u64 },
    End,
}

fn op() -> impl Strategy<Value = Op> {
    let len = || prop_oneof![4 => 0..300_usize, 1 => 60_000..70_000_usize];
    let unsynced = prop_oneof![Just(Unsynced::Lost), Just(Unsynced::Torn), Just(Unsynced::Reordered)];
    prop_oneof![
        8 => (0..3_usize, len()).prop_map(|(path, len)| Op::Append { path, len }),
        3 => (0..3_usize, 0..=1_000_usize).prop_map(|(path, permille)| Op::Truncate { path, permille }),
        1 => (0..3_usize).prop_map(|path| Op::Remove { path }),
        2 => (0..3_usize, len()).prop_map(|(path, len)| Op::Replace { path, len }),
        2 => (0..3_usize).prop_map(|path| Op::Flush { path }),
        1 => Just(Op::Kill),
        1 => unsynced.prop_map(|unsynced| Op::PowerLoss { unsynced }),
        2 => (0..1_000_u64).prop_map(|free| Op::Begin { free }),
        1 => Just(Op::End),
    ]
}

/// A disk, the lengths of its files, and how much may be on it.
struct Trial {
    disk: DiskHandle,
    platter: MemPlatter,
    host: HostDisk<MemPlatter>,
    lengths: BTreeMap<&'static str, u64>,
    /// The faults that are active, with their capacities.
    full: BTreeMap<u32, u64>,
    /// What each did.
    effects: BTreeMap<u32, DiskEffect>,
    /// Faults and power losses so far.
    draws: u32,
}

impl Trial {
    fn new() -> Trial {
        let (disk, platter) = (disk(0, 0), MemPlatter::default());
        let host = disk.mount(platter.clone()).unwrap();
        let (full, effects) = (BTreeMap::new(), BTreeMap::new());
        Trial { disk, platter, host, lengths: BTreeMap::new(), full, effects, draws: 0 }
    }

    fn used(&self) -> u64 {
        self.lengths.values().sum()
    }

    /// How many of so many bytes fit; for the others the fault that leaves the least room has to answer.
    fn fit(&mut self, wanted: usize) -> u64 {
        let least = self.full.iter().map(|(fault, capacity)| (*capacity, *fault)).min();
        let Some((capacity, fault)) = least else { return wanted as u64 };
        let fits = capacity.saturating_sub(self.used()).min(wanted as u64);
        if fits < wanted as u64 {
            let effect = self.effects.entry(fault).or_default();
            effect.writes_refused += 1;
            effect.refused_bytes += wanted as u64 - fits;
        }
        fits
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Append { path, len } => {
                let file = self.host.open(PATHS[path]).unwrap();
                let fits = self.fit(len);
                let result = self.host.append(file, &vec![7; len]);
                check(&result, fits < len as u64);
                *self.lengths.entry(PATHS[path]).or_default() += fits;
            }
            Op::Truncate { path, permille } => {
                let Some(len) = self.lengths.get_mut(PATHS[path]) else { return };
                *len = *len * permille as u64 / 1_000;
                let file = self.host.open(PATHS[path]).unwrap();
                self.host.truncate(file, *len).unwrap();
            }
            Op::Remove { path } => {
                self.host.remove(PATHS[path]).unwrap();
                self.lengths.remove(PATHS[path]);
            }
            Op::Replace { path, len } => {
                // Its directory has to be there.
                let file = self.host.open(PATHS[path]).unwrap();
                self.lengths.insert(PATHS[path], self.host.len(file).unwrap());
                let is_refused = self.fit(len) < len as u64;
                let replace =
                    FlushStep::Replace { path: PATHS[path].to_owned(), content: vec![7; len].into() };
                check(&flush(&mut self.host, &[replace]), is_refused);
                if !is_refused {
                    self.lengths.insert(PATHS[path], len as u64);
                }
            }
            Op::Flush { path } => {
                let file = self.host.open(PATHS[path]).unwrap();
                self.lengths.entry(PATHS[path]).or_default();
                flush(&mut self.host, &[FlushStep::File(file), directory("t-0"), directory("")]).ok();
            }
            Op::Kill => self.host = self.disk.mount(self.platter.clone()).unwrap(),
            Op::PowerLoss { unsynced } => {
                self.draws += 1;
                let rng = Seed(1).stream("power_loss", u64::from(self.draws));
                self.disk.power_loss(Timestamp::ZERO, unsynced, rng);
                self.host = self.disk.mount(self.platter.clone()).unwrap();
                let found =
                    |path: &'static str| Some((path, self.host.read_file(path).unwrap()?.len() as u64));
                self.lengths = PATHS.into_iter().filter_map(found).collect();
            }
            Op::Begin { free } => {
                self.draws += 1;
                let rng = Seed(1).stream("fault", u64::from(self.draws));
                self.disk.begin(Timestamp::ZERO, self.draws, DiskFault::Full { free }, rng);
                self.full.insert(self.draws, self.used() + free);
            }
            Op::End => {
                let Some((fault, _)) = self.full.pop_first() else { return };
                let effect = self.effects.remove(&fault).unwrap_or_default();
                assert_eq!(self.disk.end(Timestamp::ZERO, fault), effect);
            }
        }
    }

    fn compare(&self) {
        self.disk.check();
        for (path, len) in &self.lengths {
            assert_eq!(self.host.read_file(path).unwrap().unwrap().len() as u64, *len, "{path}");
        }
        assert_eq!(self.disk.stats().used_bytes, self.used());
    }
}

fn check(result: &Result<(), StorageError>, is_refused: bool) {
    let errno = result.as_ref().err().map(|error| error.errno.unwrap());
    assert_eq!(errno, is_refused.then_some(ENOSPC));
}

fn config() -> Config {
    let config =
        Config { cases: 400, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() };
    contextualize_config(config)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_full_disk_takes_what_fits_to_the_byte(ops in prop::collection::vec(op(), 1..60)) {
        let mut trial = Trial::new();
        for op in &ops {
            trial.apply(op);
            trial.compare();
        }
    }
}
