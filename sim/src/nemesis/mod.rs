//! What hurts the cluster.
//!
//! A [`Fault`] says what is done, to whom, and for how long. To whom is a [`Target`]: symbolic, such as the leader of a
//! topic partition, and resolved only when the fault fires, because nobody knows beforehand who leads then.
//!
//! Reading order: [`target`], [`fault`].
//!
//! What is left out: disk and clock faults, and faults drawn from the seed.
//!
//! Architecture invariant: nothing here reads a judge, and nothing here knows how scenarios are written.

pub mod fault;
pub mod target;

pub use fault::{Cut, Direction, Fault};
pub use target::{Target, TargetError};
