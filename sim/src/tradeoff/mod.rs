//! What a shorter flush interval buys, and what it costs: one scenario with several flush settings and many seeds.
//!
//! ```text
//!  flush settings x seeds x blows          pool of `sweep`
//!         │ experiment                          │
//!         ▼                                     ▼
//!  the scenario, its flush properties     run ──► measure ──► one Sample per run
//!  and faults replaced                                             │
//!                                                                  ▼
//!                                    table, csv, plot ◄──────── result: a row per setting
//! ```
//!
//! Terms: a *blow* is what happens in the middle of the traffic: nothing (the *quiet* run, which shows the cost), one
//! broker loses power, or all of them do at once (which show what the cost buys). A record *dies* where a power loss takes
//! a copy of it off a disk; it is *lost* if it was acknowledged and no final read finds it. What dies may live on
//! elsewhere: that is what replication is for.
//!
//! Promises:
//!
//! * The three blows of a seed, with whatever setting, are the same scenario with the same draws; the power goes at the
//!   same simulated time.
//! * Same scenario, settings, seeds and build: same bytes in every file, in whatever order and number runs go on.
//! * A run that could not be judged is counted and named, and is in no average. One that was interrupted was not run.
//!
//! Reading order: [`settings`], [`experiment`] (what is run), [`measure`] (one run), [`result`] (many), then the ways to say it:
//! [`table`], [`csv`], [`plot`] with [`scale`] and [`svg`].
//!
//! What it leaves out: saturation. Producers send at the rate of the scenario whatever comes back, so a setting that
//! cannot keep up shows in the latencies, and in acknowledgements that come after the fault phase.

pub mod csv;
pub mod experiment;
pub mod measure;
pub mod plot;
pub mod result;
pub mod scale;
pub mod settings;
pub mod svg;
pub mod table;
