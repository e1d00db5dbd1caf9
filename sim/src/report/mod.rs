//! What a run leaves behind: files for machines, a few lines for people.
//!
//! ```text
//! reports/
//!   latest -> leader-power-loss/42      the run written last
//!   leader-power-loss/42/
//!     run.json                          the verdict and all its reasons ([`RunReport`])
//!     history.jsonl                     what clients saw (format: [`crate::history::jsonl`])
//!     trace.jsonl                       what happened (format: [`crate::trace`])
//!     scenario.resolved.toml            the scenario with every random choice written out
//!   sweep/leader-power-loss/7/          the same, kept by a sweep ([`crate::sweep`]); `latest` never links it
//! ```
//!
//! A run directory is there as a whole or not at all: it is written under a temporary name beside its place and then
//! renamed. Wall-clock facts stand only under `env` of `run.json`; everything else compares byte for byte between two
//! runs of one seed and build.
//!
//! Reading order: [`run_report`] (the schema), [`mod@write`] and [`read`] (the directory), [`human`] and [`faults`] (the lines).
//!
//! A process that is killed while it writes leaves a temporary directory, whose name begins with a dot. The next run of the
//! same scenario removes it when it is an hour old, or puts it back if it is all there is of its run.
//!
//! What it leaves out: summaries over many runs ([`crate::sweep`]).

pub mod faults;
pub mod flush_report;
pub mod human;
pub mod read;
pub mod run_report;
pub mod write;

pub use faults::{fault_heading, fault_table};
pub use flush_report::{DirtyBytes, FlushReport, PowerLossReport, Quantiles};
pub use human::{human_summary, one_line, painted, replay_line};
pub use read::{ReadError, RunDir};
pub use run_report::{
    Counts, EnvReport, FaultReport, Hashes, Judged, NemesisReport, PanicReport, PhaseReport, Reached,
    RunReport, ScenarioRef, hash,
};
pub use write::{WriteError, copy_run_dir, is_one_component, write_run_dir, write_run_dir_only};
