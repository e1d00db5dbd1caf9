//! What happened, in order: compact typed entries, a running digest, JSON lines on demand.
//!
//! ```text
//! broker, client ── Effect::Observe(Event) ──┐
//! driver, disk   ── requests, flushes        ├──► Trace ──► digest (every run)
//! nemesis, run   ── faults, phases           ┘      │  └──► trace.jsonl (when a run is written)
//!                                                   ├─────► Readable (a line of words per entry)
//!                                                   └─────► first_difference (two runs of one seed)
//! ```
//!
//! Reading order: [`event`] (what can be recorded), [`recorder`] (the list and its digest), [`tracer`], [`jsonl`] (the file), [`read`] (back),
//! [`readable`] (the same for people), [`difference`] (where two runs part).
//!
//! One line of `trace.jsonl` is one flat object: `{"n":12,"t_us":40210,"host":"broker-1","event":"records_appended",…}`.
//! `n` counts entries from 0, `t_us` is simulated time in microseconds, `event` is the event's name, everything else
//! is the event's own.
//!
//! What it leaves out: the bytes of requests (only their sizes), causality between hosts (order and correlation ids must
//! do), and any bound on memory: a run is as long as its scenario says.
//!
//! The digest depends on how Rust hashes derived types, so it compares runs of one build, not of two.

pub mod difference;
pub mod event;
pub mod jsonl;
pub mod read;
pub mod readable;
pub mod recorder;
pub mod tracer;

pub use difference::{Difference, difference_from, first_difference};
pub use event::{FaultId, Stop, TraceEvent};
pub use read::{ReadError, ReadTrace};
pub use readable::{Readable, Standings, seconds};
pub use recorder::{HostId, Trace, TraceDigest, TraceEntry};
pub use tracer::Tracer;
