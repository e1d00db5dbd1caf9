//! `cargo sim replay`: a recorded run once more, compared with the record.
//!
//! ```text
//! run directory ── is its scenario's file as it was? ──► the file, or scenario.resolved.toml
//!      │                                                      │ run
//!      │ digest, trace.jsonl, env                             ▼
//!      └──────────────► compare ◄──────────────── digest, trace, env
//!                          ├── as recorded
//!                          ├── another build may play a seed differently: what changed, how to get back
//!                          └── the same build must not: nondeterminism
//! ```
//!
//! The recorded directory is evidence and is never written to.
//!
//! Reading order: [`args`], [`source`] (what to run), [`command`] (the way through), [`compare`] (is it the same),
//! [`select`] (which events to show).

mod args;
mod command;
mod compare;
mod select;
mod source;

pub(super) use args::ReplayArguments;
pub(super) use command::replay;
