//! Links between hosts: why which direction is disturbed, what that does to messages, and how many it met.
//!
//! ```text
//!   sender: LinkedStream ──► cut? lost? ──► turmoil's link (latency) ──► receiver: LinkedStream ──► Kept ──► reader
//!                               │                                            │
//!                               └──────────────► Links ◄─────────────────────┘ held? delayed?
//! ```
//!
//! turmoil knows one state per link and forgets why: healing one fault would heal another. Here each reason (a fault, a
//! host without power) is kept apart, and a direction is healthy again when its last reason is gone.
//!
//! * A cut is turmoil's: what is on its way is dropped, and what is sent later too.
//! * What holds and delays keep back is kept where it arrives: turmoil holds links, not directions, and forgets what it
//!   holds when the other direction is cut. What has arrived before a hold begins is not held, though nobody has read it.
//! * Several reasons for one direction add up: a cut outweighs everything, delays add up, and what is held is delayed only
//!   after its release. A cut also takes what a hold or a delay keeps back, and the connection with it: a byte is missing.
//!   A power loss does not: what has left a host is the network's.
//! * The end of a connection is a message like any other, its reset too. A reset that has not arrived yet shows nowhere:
//!   writes go well as long as it is kept back.
//! * Loss takes the connection with it, for TCP here never sends anything twice: the sender sees a reset at once, and the
//!   receiver the end of the connection behind what was sent before.
//! * What a reason met is counted for it, each message once: a disturbance that nobody met had no effect.
//!
//! Reading order: [`disturbance`], [`table`] (what is disturbed), [`passage`] (what it does), [`connections`] (whom it
//! concerns), [`stream`] (one end of
//! a connection), [`kept`] (what is late), [`wire`] (cuts).
//!
//! Left out: a cut of the way back does not hinder the handshake, since turmoil sends no SYN-ACK.

mod connections;
mod disturbance;
mod kept;
mod passage;
mod stream;
mod table;
#[cfg(test)]
mod tests;
pub(super) mod wire;

pub use disturbance::{Direction, Disturbance, Met, Reason};
pub use stream::LinkedStream;
pub use table::Links;
