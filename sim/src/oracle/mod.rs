//! Judges of state: what only somebody who sees the brokers from above can tell.
//!
//! Reading order: [`convergence`].
//!
//! Left out: the properties that hold after every change (one leader per leader epoch, strong ISR, leader completeness
//! and the others); so far only the end of a run is looked at.
//!
//! Architecture invariant: oracles see what they are given and never import the nemesis, the workload or the cluster.

pub mod convergence;

pub use convergence::{LogContent, Standing, diverging_logs, why_not_converged};
