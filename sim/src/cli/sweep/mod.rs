//! `cargo sim sweep`: from arguments to runs, and from runs to what is printed. The runs themselves: [`crate::sweep`].
//!
//! Reading order: [`args`], [`command`], [`resume`] (what need not be run again, and must not get lost), [`finish`] (which
//! `cargo sim merge` shares).

pub(super) mod args;
pub(super) mod command;
pub(super) mod finish;
mod resume;
