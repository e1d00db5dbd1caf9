//! What producers and consumers do: the applications beside the clients.
//!
//! A workload outlives the process it runs in: a producer that is started again goes on where the plan stood, and what
//! its predecessor had sent without an answer ends as `info` - nobody will ever know.
//!
//! Reading order: [`produce`], [`consume`], [`probe`].
//!
//! Left out: transactions, consumer groups, think time that depends on answers.

mod consume;
mod probe;
mod produce;

pub use consume::{ConsumeApp, SetUpApp};
pub use probe::{ProbeApp, Probes};
pub use produce::{ProduceApp, ProduceWorkload};
