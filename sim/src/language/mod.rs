//! The scenario language as data: what may be written, what it means, and everything that is told about it.
//!
//! ```text
//! sections, faults, trigger ─┐                          ┌─► schema       for editors: schema/scenario.schema.json
//! nemesis::{KINDS, EVENTS,   ├─► one table of words ────┼─► reference    for readers: scenarios/REFERENCE.md
//!   TARGETS}, PROPERTIES,    │       (entries)          ├─► explain      for whoever asks: cargo sim explain WORD
//! Anomaly, Verdict ──────────┘                          └─► example      that is accepted as it stands
//! ```
//!
//! The reader of [`scenario`](crate::scenario) keeps the place of every value for its messages and therefore reads by
//! hand, key by key; these tables say the same once more, for everybody else. They must not diverge, so a test asks the
//! reader which keys it looks for in each section and of each kind, and compares.
//!
//! Terms: an *own key* is ours, a *property* is Kafka's; a *form* is what values a key takes; an *entry* is a word one can
//! ask about.
//!
//! Reading order: [`table`], [`form`], [`sections`], [`faults`], [`trigger`]; then [`entry`] with [`mod@entries`], and what
//! is made of them: [`explain`], [`mod@reference`], [`mod@schema`]. [`example`] and [`mod@template`] write scenarios, [`usage`]
//! says which words one uses.
//!
//! To add a key: one row here and one line where it is read. To add a kind, an event, a target, a property: nothing here,
//! unless a kind has a parameter of its own (`faults`).
//!
//! What is left out: what only shows between sections (`check` and `aim` of the reader); a schema lets it pass.

pub mod entries;
pub mod entry;
pub mod example;
pub mod explain;
pub mod faults;
pub mod form;
pub mod reference;
pub mod schema;
pub mod sections;
pub mod table;
pub mod template;
#[cfg(test)]
mod tests;
pub mod trigger;
pub mod usage;

pub use entries::entries;
pub use entry::{Entry, Group, lookup};
pub use reference::reference;
pub use schema::schema;
pub use template::template;
