//! What hurts the cluster.
//!
//! ```text
//! FaultSpec (scenario) ──► Nemesis::advance, each tick ──► resolve targets ──► process │ network ──► Cluster
//!                                        └──► FaultReport: whom it meant, when, and what it changed
//! ```
//!
//! A [`Fault`] says what is done, to whom, and for how long. To whom is a [`Target`]: symbolic, such as the leader of a
//! topic partition, and resolved only when the fault fires, because nobody knows beforehand who leads then. Afterwards
//! each fault says what it really changed; one that changed nothing makes the run vacuous.
//!
//! Reading order: [`target`], [`fault`], [`resolve`], [`schedule`] (when), [`process`] and [`network`] (how).
//!
//! What is left out: disk and clock faults, triggers other than time, and faults drawn from the seed.
//!
//! Architecture invariant: nothing here reads a judge, and nothing here knows how scenarios are written.

mod clock;
mod disk;
mod draw;
mod effect;
pub mod event;
pub mod fault;
pub mod kind;
mod network;
mod ongoing;
mod plan;
mod process;
mod random;
mod resolve;
mod schedule;
pub mod target;
mod trigger;
pub mod when;

pub use event::{Detail, EVENTS, EventKind, Site};
pub use fault::{Action, Aim, Fault, Harm, Span, Way};
pub use kind::{Family, KINDS, Kind, Length, Shape};
pub use plan::{Limits, Plan, RandomFaults};
pub use schedule::{Deeds, Nemesis};
pub use target::{TARGETS, Target, TargetError};
pub use when::{Happening, Moment, Start, Trigger, Until};
