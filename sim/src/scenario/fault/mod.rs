//! `[[fault]]` and `[[nemesis]]`: what is done, to whom, from when, until when.
//!
//! ```text
//! table ── kind ──► row of nemesis::KINDS ──► aim (shape) + parameters + end (length) = harm ──► FaultDraft ──► plan
//!    └── at, when ───────────────────────────────────────────────────────────────► start ─┘   NemesisDraft ─┘
//! ```
//!
//! Terms: a *draft* is a value and where its parts were written. It is kept even if a part is wrong, so that the rest can
//! be checked too. A *foreign* key is one that another kind or another section has.
//!
//! Reading order: `harm` (what both sections share) with `aim`, `parameters`, `disk`, `when` and `trigger`; `scripted` and `random` (the two
//! sections), `foreign`; then what only shows when all is read: `sense` (one fault), `timing` (a fault and its phase),
//! `names` (faults that wait for each other) and `overlap` (two that want the same host).
//!
//! To add a kind of fault: a row in [`KINDS`](crate::nemesis::KINDS), which decides its keys, and one line in `parameters`.

mod aim;
mod disk;
mod foreign;
mod harm;
mod names;
mod overlap;
mod parameters;
mod random;
mod scripted;
mod sense;
mod timing;
mod trigger;
mod when;

pub(super) use disk::{REGIONS, UNSYNCED};
pub(super) use names::check as check_names;
pub(super) use overlap::check as check_overlaps;
pub(super) use random::{NemesisDraft, nemesis};
pub(super) use scripted::{FaultDraft, fault};
pub(super) use sense::Clients;
