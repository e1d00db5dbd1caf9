//! A deterministic simulation harness for message brokers: one seed decides everything.
//!
//! ```text
//!                 scenario (TOML) + seed
//!                          │
//!   workload ─► cluster ◄──┴── nemesis          actors act …
//!      │           │ │
//!      ▼           │ └───────► trace ─► digest
//!   history        ▼
//!      │         oracle                         … judges judge …
//!      └─► checker │
//!              └───┴─► verdict ─► report        … and only `run` knows both.
//! ```
//!
//! Reading order: [`run`], [`scenario`], [`language`], [`cluster`], [`nemesis`], [`workload`], [`history`], [`checker`],
//! [`snapshot`], [`oracle`], [`contract`], [`explain`], [`trace`], [`report`], [`sweep`], [`shrink`], [`tradeoff`], [`cli`],
//! [`meter`].

#[cfg(not(tokio_unstable))]
compile_error!(
    "build with `--cfg tokio_unstable` (see .cargo/config.toml): without it the simulation is not deterministic. \
     A RUSTFLAGS variable overrides that file; add the flag there too."
);

pub mod checker;
pub mod cli;
pub mod cluster;
pub mod contract;
pub mod explain;
pub mod history;
pub mod language;
pub mod meter;
pub mod nemesis;
pub mod oracle;
pub mod report;
pub mod run;
pub mod scenario;
pub mod seed;
pub mod shrink;
pub mod snapshot;
pub mod sweep;
pub mod trace;
pub mod tradeoff;
pub mod verdict;
pub mod workload;
