//! How a property is tried.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError, TestError, TestRunner};
use sim::scenario::{Scenario, discover, load};

use crate::keep::keep;

/// A failure is made smaller for so long at most: every step is a run.
const SHRINKING_MS_MAX: u32 = 120_000;

/// Whether a case in which a property holds shows anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It might not have held.
    Something,
    /// There was nothing of which it could have held or not.
    Nothing,
}

/// Something that holds of every scenario that a strategy draws.
pub struct Property {
    /// What it is about, in a word or two: part of the names of scenarios that broke it.
    pub what: &'static str,
    /// What holds, as a sentence without a full stop.
    pub says: &'static str,
    /// How many cases are tried, unless `PROPTEST_CASES` says otherwise.
    pub cases: u32,
    /// In how many of these it must show something, and in as large a part of more or fewer.
    pub telling: u32,
    /// Whether it holds of this one; why not.
    pub holds: fn(&Scenario) -> Result<Shown, String>,
}

impl Property {
    /// Tries it on what broke it before, and on scenarios of this strategy.
    ///
    /// # Panics
    /// With the smallest scenario that breaks it, which is kept as a regression.
    pub fn check(&self, scenarios: impl Strategy<Value = Scenario>) {
        let regressions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/regressions");
        if let Err(problem) = self.check_in(&regressions, scenarios) {
            panic!("{problem}");
        }
    }

    /// The same with another place for regressions; what broke it, for people.
    pub fn check_in(
        &self,
        regressions: &Path,
        scenarios: impl Strategy<Value = Scenario>,
    ) -> Result<(), String> {
        let prefix = format!("property-{}-", self.what);
        let is_own = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.display().to_string().starts_with(&prefix))
        };
        let kept = discover(&[regressions.to_owned()]).map_err(|problems| problems.to_string())?;
        for path in kept.iter().filter(|path| is_own(path)) {
            let scenario = load(path).map_err(|problems| problems.to_string())?;
            (self.holds)(&scenario)
                .map(drop)
                .map_err(|why| format!("{} is still broken: {why}", path.display()))?;
        }
        let told = Cell::new(0);
        let holds = |scenario: Scenario| {
            let shown = (self.holds)(&scenario).map_err(TestCaseError::fail)?;
            told.set(told.get() + u64::from(shown == Shown::Something));
            Ok(())
        };
        let config = config(self.cases);
        let least = u64::from(self.telling) * u64::from(config.cases) / u64::from(self.cases);
        match TestRunner::new(config).run(&scenarios, holds) {
            Ok(()) if told.get() < least => Err(format!(
                "{}: only {} cases show that {}, and {least} at least should",
                self.what,
                told.get(),
                self.says
            )),
            Ok(()) => Ok(()),
            Err(TestError::Abort(why)) => Err(format!("{}: no cases could be drawn: {why}", self.what)),
            Err(TestError::Fail(why, smallest)) => {
                let why = why.message();
                let kept = match keep(regressions, self, &smallest, why) {
                    Ok(path) => format!("kept as {}", path.display()),
                    Err(error) => format!("failed to keep it: {error}"),
                };
                Err(format!("not so: {}.\n{why}\n\n{}\n{kept}", self.says, smallest.to_toml()))
            }
        }
    }
}

/// So many cases, the same every time, unless the environment asks for others.
pub fn config(cases: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { cases },
        rng_seed: if asked.rng_seed == RngSeed::Random { RngSeed::Fixed(1) } else { asked.rng_seed },
        max_shrink_iters: u32::MAX - 1,
        max_shrink_time: SHRINKING_MS_MAX,
        failure_persistence: None,
        ..asked
    }
}
