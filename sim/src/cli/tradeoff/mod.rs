//! `cargo sim tradeoff`: from arguments to runs, and from runs to a table and files. What is measured: [`crate::tradeoff`].
//!
//! Reading order: [`args`], [`command`].

pub(super) mod args;
pub(super) mod command;
