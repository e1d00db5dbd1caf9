//! Answers that no broker should give, and what the clients make of them: they may learn nothing, wait or begin anew, but
//! they never panic, never take a record for acknowledged that was not, and never tell the application a thing twice.
//!
//! An answer is of the kind that was asked for, with wrong topics, offsets, epochs and error codes; some are damaged on the
//! way: cut short, made longer, or with other bits and bytes anywhere, lengths and counts included.
//!
//! Reading order: `lie`, `tests`.

mod lie;
mod tests;
