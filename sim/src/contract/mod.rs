//! What the cluster promises, what was done to it, and what a violation is in the light of both.
//!
//! ```text
//! settings ─► Promise     how many copies of a topic partition may forget at a time
//! trace    ┐
//! faults   ├► Injuries    which copies did forget, from when until they had everything again
//! disks    ┘
//!                 Violation + Promise + Injuries ─► Bearing: within the contract, or beyond it, and why
//! ```
//!
//! Acknowledged records survive any number of kills and partitions, and as many copies at a time that *forget* as
//! [`Promise::forgetful_copies`] says: with eligible leader replicas (KIP-966) one fewer than `min.insync.replicas`, without
//! them none, since the last one in the ISR leads whatever it has left. A copy forgets if its machine loses power with
//! something unflushed, unless every append is flushed; and whatever is flushed if its disk loses what it was told to keep.
//!
//! A copy is *in doubt* from such a moment until it is in the ISR again as a process that the controller has admitted since.
//! So is one whose process was merely killed, once any other has forgotten something: nobody can tell the two apart, and
//! both leave the ISR and the ELR. A loss is **beyond** the contract if at some moment more copies were in doubt than the
//! promise allows, one of them had forgotten something, and nobody else was in the ISR or the ELR. Otherwise there was a
//! copy that had everything and could be elected: then the loss is **within** the contract, which means a bug. If more
//! copies were in doubt than is promised but one was not, nothing is promised and something was to be expected all the
//! same: that counts as within, and says so. A human has to look.
//!
//! With group commit this is promised of what was acknowledged alone: a record may be read, and even be the leader's high
//! watermark, before anybody has flushed it.
//!
//! Three things are not promised to begin with: what `acks=1` says once the leader changes, anything about `acks=0`, and what
//! only somebody outside ISR and ELR lacks when `unclean.leader.election.enable` lets that one lead. And everything goes by
//! the controller's metadata, of which there is one copy.
//!
//! The same [`Promise`] says how far random faults may go (`[limits] contract = "within"`). That is about what faults *may*
//! do, in all topic partitions together and before anybody knows what they come to: a failing flush counts from its beginning
//! there. Here it is about what they *did*, to one topic partition. So faults that stayed within the limits never excuse a
//! violation, and faults beyond them need not.
//!
//! Reading order: [`promise`], [`injuries`] (what was done), [`copies`] (which of them had
//! everything, at each moment), [`mod@bearing`], [`words`].
//!
//! Left out: which of the copies held the record that was lost, and what became of each: that is for explanations. Producer
//! ids that expired. When a record was there: where `min.insync.replicas = 1`, ELR are off or unclean elections are allowed, one
//! moment at which the last copy forgot, or was elected from outside, excuses every later loss of that topic partition, also of
//! what was written long after it.
//!
//! Architecture invariant: nothing here knows the nemesis, the cluster or scenarios, only what they leave behind.

pub mod bearing;
mod copies;
pub mod injuries;
pub mod promise;
#[cfg(test)]
mod tests;
mod words;

pub use bearing::{Terms, bearing};
pub use injuries::Injuries;
pub use promise::{Flush, Promise};
