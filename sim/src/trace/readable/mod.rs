//! A trace for people: one line of words per event.
//!
//! ```text
//!     time   number  host        role
//!   3.082s     9446  broker-1    L3    loses power
//!   3.486s     9870  controller  -     broker-2 leads orders-0 in leader epoch 4, ISR [2, 3]
//! ```
//!
//! *Role* is what the host was to the topic partition that the event is about: `L3` leads in leader epoch 3, `F3` follows,
//! `-` neither, or nobody knows. For an event about no topic partition it sums up the host: `2L1F` leads two and follows
//! one. Whoever stops is shown with what it was until then.
//!
//! Reading order: [`words`] (what an event says), [`operation`] (what a client did), [`standing`] (who is what), [`mod@line`]
//! (the columns).
//!
//! What it leaves out: how often something repeats. Filters are the caller's.

mod line;
mod operation;
mod standing;
#[cfg(test)]
mod tests;
mod words;

pub use line::{Readable, seconds};
pub use standing::{Replica, Role, Standings};
