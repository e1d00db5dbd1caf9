//! Judges of state: what only somebody who sees the brokers from above can tell.
//!
//! ```text
//!   Observation ──► Oracles ──► one oracle for each property ──► Findings: the first case for each topic partition, and how many
//! ```
//!
//! * An oracle looks at what changed and judges only that; what was judged before stays judged.
//! * **Committed** is what a leader's high watermark has passed, whoever acknowledged it to whom.
//! * A property is judged as it is stated. Whether settings and faults allow that it breaks is not asked here.
//!
//! Reading order: [`all`] (what an oracle is), [`properties`] (all of them), then each; of the controller's decisions
//! [`one_leader_per_epoch`], [`leader_in_isr`], [`isr_within_replicas`], [`elr_empty`]; of one process [`ordered_offsets`],
//! [`monotonic_epochs`], [`durable_recovery_point`], [`recovered_records`]; of all logs `committed`, [`log_matching`], [`leader_completeness`],
//! [`strong_isr`]; [`convergence`] (after the heal).
//!
//! Left out: producer state, what is in flight, the metadata log itself.
//!
//! Architecture invariant: oracles see what they are given ([`crate::snapshot`]) and never import the nemesis, the workload or
//! the cluster.

pub mod all;
mod committed;
pub mod convergence;
#[cfg(test)]
mod damage;
pub mod durable_recovery_point;
pub mod elr_empty;
pub mod isr_within_replicas;
pub mod leader_completeness;
pub mod leader_in_isr;
pub mod log_matching;
#[cfg(test)]
mod model;
pub mod monotonic_epochs;
pub mod one_leader_per_epoch;
pub mod ordered_offsets;
pub mod properties;
pub mod recovered_records;
pub mod strong_isr;
#[cfg(test)]
mod testing;

pub use all::{Findings, Oracle, Oracles};
pub use convergence::{LogContent, Standing, diverging_logs, why_not_converged};
pub use properties::{PROPERTIES, Property};
