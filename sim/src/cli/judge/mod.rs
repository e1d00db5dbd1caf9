//! `cargo sim judge`: what the checkers say of a history that something else recorded, or a run of long ago.
//!
//! ```text
//! history.jsonl, or a run directory ──► JsonlReader ──┐ operation by operation
//! history.edn (Jepsen)              ──► JepsenReader ─┴──► IndexBuilder ──► checkers ──► Judgement
//!                                                    └──► counts                            ├── a few lines
//!                                                                                           └── JSON
//! ```
//!
//! A history is never in memory as such: what is kept of it is the index that checkers read.
//!
//! Reading order: [`args`], [`judgement`] (from a history to a verdict), [`command`] (files, exit codes), [`show`].

mod args;
mod command;
mod judgement;
mod show;

pub(super) use args::JudgeArguments;
pub(super) use command::judge;
