//! How it came to a violation: the life and death of a record, told from the trace.
//!
//! ```text
//! History ──┐                        ┌─► Finding: conclusion, timeline, what became of each copy, who shared the fate
//! Trace ────┼─► explain ─► Scene ────┤
//! Violation ┘      │                 └─► lines of text, or JSON
//!                  └─► follow: one walk through the trace, a Life for each lost record
//! ```
//!
//! A *life* begins when a leader appends the record's batch. A *copy* of it is born on each host that has it, and may be born
//! there again. It is *committed* when the leader's high watermark passes it, *durable* on a host when a flush there went
//! further than its offset. A copy ends when its host truncates its log, opens it and finds it shorter, loses its disk, or
//! moves its log start; the *cause* of that may lie before it, such as the power loss before a recovery. A record is lost when
//! the log that the final reads saw does not have it: all copies ended, or those that did not are *hidden* behind a leader
//! without one.
//!
//! Offsets are used again. Which of several records at one offset is meant is decided by when somebody was told of it: the
//! last append before that. Copies of it carry its leader epoch.
//!
//! Reading order: [`explanation`] (what comes out), [`life`], [`mod@follow`], [`scene`], [`batch`], [`death`], [`attempts`], [`biography`],
//! [`meanwhile`], [`conclusion`], then what is told of which anomaly: [`lost`], [`repeat`], [`other`]; [`tell`],
//! [`text`].
//!
//! What it leaves out: what the disk knows and the trace does not - which bytes of a torn write survived - and causality:
//! events of the hosts at hand between birth and death are told in their order, and which of them mattered is for people.
//!
//! Architecture invariant: it sees the history, the trace and the violations, as they can be read back from files. It never
//! imports the cluster, the nemesis, the workload or the scenario.

mod attempts;
pub mod batch;
mod biography;
mod conclusion;
pub mod death;
pub mod explanation;
pub mod follow;
pub mod life;
mod lost;
mod meanwhile;
mod other;
mod repeat;
mod scene;
pub mod tell;
#[cfg(test)]
mod tests;
mod text;

pub use batch::{Batch, appends};
pub use death::{Cause, Death};
pub use explanation::{CopyFate, Explanation, Fate, Finding, Moment, MomentKind};
pub use follow::follow;
pub use life::{Copy, End, How, Life, Wanted};
pub use tell::{NoRecord, explain, explain_message, explain_offset};
