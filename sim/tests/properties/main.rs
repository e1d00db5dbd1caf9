//! What holds of any scenario, tried on scenarios that nobody wrote.
//!
//! ```text
//! strategies ──► Scenario ──► Property::holds ──► run, write, replay, leave a fault out, add one
//!   plans │ workload                │ fails: shrunk, printed, and kept
//!                                   └──► scenarios/regressions/property-<what>-<hash>.toml, which this property and
//!                                        `cargo test --test scenarios` try first from then on
//! ```
//!
//! Reading order: [`strategies`] (what is drawn, and how it shrinks), [`property`] (how one is tried), [`keep`] (what
//! becomes of a failure), [`runs`] (the properties of runs), [`writing`] (of the written form).
//!
//! `cargo test` tries a few of each, the same every time. `PROPTEST_CASES=1000 cargo test --test properties` tries many,
//! `PROPTEST_RNG_SEED=7` others.

mod keep;
mod property;
mod runs;
mod strategies;
mod writing;
