//! One run: the only place that knows both the actors and the judges.
//!
//! ```text
//! warm-up ──► faults ──► heal ──► liveness ──► final reads ──► judgement
//! brokers     producers  every    producers    everything     checkers over the history,
//! register,   send,      fault    drain, logs  from every     convergence of the logs,
//! topics are  the nem-   ends,    become       topic          was there anything to judge?
//! created     esis hurts hosts    equal, ISRs  partition
//!                        start    full; then
//!                                 every topic
//!                                 partition
//!                                 takes a probe
//! ```
//!
//! Reading order: [`phases`] (what happens when), [`judge`] (what it came to), [`availability`], [`bearings`] (a bug, or to be
//! expected?), [`signature`] (which failures are the same), [`twice`] (do two runs agree).

pub mod availability;
mod bearings;
mod flushing;
mod interrupt;
mod judge;
mod meanwhile;
mod phases;
mod script;
mod signature;
mod twice;

pub use interrupt::Interrupt;
pub use phases::{RunOutput, STACK_BYTES, run};
pub use script::script_text;
pub(crate) use signature::plain;
pub use twice::agrees_again;
