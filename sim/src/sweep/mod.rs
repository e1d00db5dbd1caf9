//! Many runs: every scenario with many seeds, what was found, and which failures are the same.
//!
//! ```text
//!  scenarios x seeds                                           ┌────────────► results.jsonl   a line per run
//!        │ plan                                                │
//!        ▼         ┌──────────┐   one thread per run     ┌─────┴───┐
//!  1 a, 1 b, 2 a … │   pool   │ ──► run(scenario, seed) ─► tally   │ ───────► SCENARIO/SEED/  of the cheapest
//!        ▲         └──────────┘      time-out, panic     └─────┬───┘                           of each failure
//!        │ shard 2/3    ▲                                      ▼
//!        │              │ budget, Ctrl-C, enough failures   summary ────────► summary.json, JUnit, lines for people
//!  results of before ── resume                                 ▲
//!                                                              │
//!                                 results of other machines ── merge
//! ```
//!
//! Terms: an *item* is a scenario and a seed. A *result* is what is kept of its run: one line, without history and
//! trace. A *group* holds the results with one signature ([`crate::run`]), whatever their scenario: one bug, however
//! often it was met. The *cheapest* of a group is the run with the fewest events, and only its files are kept. A
//! *shard* is every n-th item, for one of n machines.
//!
//! Promises:
//!
//! * Results depend neither on the order of runs nor on how many run at a time; so do groups and their cheapest runs.
//! * What ended is on disk when the next one ends. A process that is killed loses at most the line it was writing.
//! * Everything is below `sweep/` of the directory of reports, where nobody else writes. A result goes only when another
//!   sweep than the next one begins, and then that is said; with `--resume` none ever goes.
//! * A run that did not come to its end is never counted as one that passed: time-outs are failures, interrupted runs
//!   were not run.
//!
//! Reading order: [`plan`] and [`shard`] (what is to be run), [`pool`] (the only threads and the only clock), [`result`],
//! [`store`] and [`anew`] (the files), [`group`], [`summary`], [`tally`] (all of these together), [`merge`]; then [`human`] and [`junit`].
//!
//! What it leaves out: choosing seeds cleverly - they come one after the other - and sharing work between machines
//! while they run.

pub mod anew;
pub mod group;
pub mod human;
pub mod junit;
pub mod merge;
pub mod plan;
pub mod pool;
pub mod result;
pub mod shard;
pub mod store;
pub mod summary;
pub mod tally;
