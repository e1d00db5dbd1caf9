//! Deterministic simulation harness for message brokers.

#[cfg(not(tokio_unstable))]
compile_error!(
    "build with `--cfg tokio_unstable` (see .cargo/config.toml): without it the simulation is not deterministic. \
     A RUSTFLAGS variable overrides that file; add the flag there too."
);

pub mod checker;
pub mod cluster;
pub mod history;
pub mod nemesis;
pub mod report;
pub mod scenario;
pub mod seed;
pub mod trace;
pub mod verdict;
