//! `cargo sim explain`: what a word of the language means, or how a run came to what it found.
//!
//! Reading order: [`args`], [`words`], [`run`].

pub(super) mod args;
mod run;
pub(super) mod words;

pub(super) use run::explain;
