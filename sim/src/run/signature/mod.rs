//! Which failures are the same: grouping a sweep and shrinking a run rest on it.
//!
//! A signature is a line such as `lost-write: copies ended by power loss, truncation`. It says what is wrong, and how it
//! came to it as far as the trace tells - which ways there were in which copies of the record ended - but no names,
//! numbers, times or faults: the same bug has the same line with other seeds and with fewer faults.
//!
//! Reading order: [`mod@line`], [`copies`] (how a lost record died), [`repeats`] (how a duplicate came to be).
//!
//! Left out: the biography of a record, for people; here is only what tells one failure from another.

mod copies;
mod line;
mod repeats;

pub(super) use line::of;
