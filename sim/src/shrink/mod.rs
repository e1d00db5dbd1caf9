//! From a failing run to the smallest one that fails in the same way.
//!
//! ```text
//! run directory, or scenario and seed
//!          │ as a script: everything drawn is written out
//!          ▼
//!       Subject ──► pass ──► candidates ──► Trials ──► the first that fails alike ──► Subject …
//!          │         ▲      (edited values)    │
//!          │         └── until a whole round   └─ written, read again, run; several at a time; none twice
//!          ▼             accepts nothing
//!      necessity ──► record: a commented scenario
//! ```
//!
//! A *candidate* is an edited [`Scenario`](crate::scenario::Scenario), never edited text. It is written and read again, and
//! what the reader refuses is none. It is *accepted* if its run fails *alike*: it has the same signature, nothing else is
//! wrong with it that was not before - a fault that changes nothing any more has to go, not to stay in vain - and no more
//! brokers are down, or have lost something, at a time: what the cluster has to survive does not become what it need not.
//!
//! A *pass* knows one kind of simplification. Some leave out parts of a list, and find out which by delta debugging
//! (Zeller and Hildebrandt 2002); the others propose changes, the boldest first (as QuickCheck and proptest shrink a
//! number). Every change leads to something simpler by a measure of its own - fewer, rounder, shorter, or the default - so
//! that no two undo each other. Passes go round until one whole round accepts nothing, as in C-Reduce: by then every single
//! change was tried and lost the failure, and that is what *minimal* means here. Where one hung, nobody
//! knows, and nothing is called minimal.
//!
//! Among the candidates of one batch the first in their order wins, and only runs up to there count. So the result
//! depends neither on the number of jobs nor on who is done first; only budgets of wall-clock time can make it differ.
//!
//! What is never tried: to weaken what the cluster promises of an acknowledged record. Without `min.insync.replicas = 2`, or
//! without a flush for each message, the same line comes out for a reason that nobody has to be told; such settings stay,
//! and the table of what is necessary says what happens without them. Fewer replicas are no weaker promise: `acks = all`
//! promises `min.insync.replicas` copies whatever their number, and the reader refuses fewer than those. What would be
//! weaker is a loss of every copy where one was left before, and no such run is alike.
//!
//! Reading order: [`subject`], [`ddmin`], [`simpler`] and [`edit`] (pure), [`passes`], [`alike`], [`workers`], [`first`],
//! [`trials`], [`search`]; [`mod@necessity`] and [`record`].
//!
//! What is left out: other seeds than the one that failed, times made into triggers (triggers made into times are tried),
//! and nemeses (a script has none). A candidate that hangs inside one tick of the simulation hangs the search.

pub mod alike;
pub mod ddmin;
pub mod edit;
mod first;
pub mod necessity;
pub mod passes;
pub mod record;
pub mod search;
pub mod simpler;
pub mod subject;
pub mod trials;
mod workers;

pub use alike::Difference;
pub use first::{NotBegun, script_of};
pub use necessity::{Necessity, necessity};
pub use record::{Left, Record};
pub use search::{Progress, shrink};
pub use subject::{Size, Subject};
pub use trials::{Limits, Stopped, Trials};
