//! What hurts the cluster.
//!
//! ```text
//! Plan (from the scenario)
//!   [[fault]] ───────────────┐
//!   [[nemesis]] ─► random ───┴► Nemesis::advance, each tick ─► draw: ranges and targets become values and hosts
//!                [limits]             ▲                              └► ongoing ─► process │ network │ disk │ clock ─► Cluster
//!   when, until ─► trigger ─► wires ──┘ sprung                            └► Deeds: what each changed, and the run as a script
//! ```
//!
//! A [`Fault`] is data: what is done ([`Action`]), to whom ([`Aim`]), from when ([`Start`]), until when ([`Until`]). To
//! whom is a [`Target`], symbolic, such as the leader of a topic partition, and resolved only when the fault begins,
//! because nobody knows beforehand who leads then. Afterwards each fault says what it really changed; one that changed
//! nothing makes the run vacuous.
//!
//! Everything drawn from the seed is drawn in one place, [`draw`], from a stream of the fault's own. What is left then is a
//! plan without randomness, and [`Deeds::script`] is that plan: it does the same to the event.
//!
//! A trigger is a wire across the path of events (`cluster::tripwire`): the host on which the n-th event happens freezes at
//! that point, and goes on after the fault is there.
//!
//! Reading order: [`fault`], [`target`], [`when`], [`kind`] and [`event`] (the words of the language), [`plan`];
//! [`schedule`] (when), [`draw`] and [`resolve`] (to whom), [`running`], [`trigger`], [`random`], [`limits`]; [`ongoing`] and one file per family
//! (how); [`effect`].
//!
//! What is left out: faults that follow from what judges find.
//!
//! Architecture invariant: nothing here reads a judge, and nothing here knows how scenarios are written.

mod clock;
mod disk;
mod draw;
mod effect;
pub mod event;
pub mod fault;
pub mod kind;
mod limits;
mod network;
mod ongoing;
mod plan;
mod process;
mod random;
mod resolve;
mod running;
mod schedule;
pub mod target;
mod trigger;
pub mod when;

pub use crate::cluster::disk::{BitRot, DiskFault, FilePattern, Latency, RotPlace, Unsynced};
pub use event::{Detail, EVENTS, EventKind, Site};
pub use fault::{Action, Aim, Fault, Harm, Span, Way};
pub use kind::{Family, KINDS, Kind, Length, Shape};
pub use plan::{Limits, Plan, RandomFaults};
pub use schedule::{Deeds, Nemesis};
pub use target::{TARGETS, Target, TargetError};
pub use when::{Happening, Moment, Start, Trigger, Until};
