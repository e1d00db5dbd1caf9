//! Judges of state: what only somebody who sees the brokers from above can tell.
//!
//! Reading order: [`all`] (what an oracle is), the properties, [`convergence`] (after the heal).
//!
//! Architecture invariant: oracles see what they are given ([`crate::snapshot`]) and never import the nemesis, the workload or
//! the cluster.

pub mod all;
pub mod convergence;
pub mod leader_in_isr;

pub use all::{Findings, Oracle, Oracles};
pub use convergence::{LogContent, Standing, diverging_logs, why_not_converged};
